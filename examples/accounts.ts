/**
 * Accounts: money moves between rows of a table by transactions, and a view follows, never with money half moved.
 *
 * How      node examples/accounts.ts
 */
// In a project of your own: import { open } from 'millrace'
import { open, QueryMistake, type Session } from '../src/index.ts'

await using db = await open(':memory:')
await db.execute(`
  CREATE TABLE account (id INT PRIMARY KEY, owner VARCHAR, balance INT CONSTRAINT covered CHECK (balance >= 0));
  CREATE TABLE entry (id INT PRIMARY KEY, account INT, amount INT, at TIMESTAMP DEFAULT NOW());
  CREATE MATERIALIZED VIEW total AS SELECT COUNT(*) AS accounts, SUM(balance) AS balance FROM account;
  INSERT INTO account VALUES (1, 'Ada', 100), (2, 'Bob', 20)`)

/** Two rows change and two entries come, or nothing happens. */
const move = (amount: number, number: number) =>
  db.transaction(async (session: Session) => {
    const params = { amount, number }
    await session.execute('INSERT INTO entry (id, account, amount) VALUES (:number, 1, -:amount)', {
      params,
    })
    await session.execute(
      'INSERT INTO entry (id, account, amount) VALUES (:number + 1, 2, :amount)',
      { params },
    )
    await session.execute(
      `UPDATE account SET balance = balance + e.amount FROM entry AS e
       WHERE e.account = account.id AND e.id IN (:number, :number + 1)`,
      { params },
    )
  })

for (const [number, amount] of [30, 90, 50].entries()) {
  try {
    await move(amount, number * 2)
  } catch (error) {
    if (!(error instanceof QueryMistake)) throw error
    console.log(`${amount}: ${error.message}`)
  }
  const balances = await db.query<{ owner: string; balance: number }>(
    'SELECT owner, balance FROM account ORDER BY id',
  )
  const [total] = await db.query<{ balance: bigint }>('SELECT balance FROM total')
  console.log(
    `${balances.map(({ owner, balance }) => `${owner} ${balance}`).join(', ')}; in all ${total?.balance}`,
  )
}
// > Ada 70, Bob 50; in all 120
// > 90: row 0 does not satisfy CHECK covered (balance >= 0) of account
// > Ada 70, Bob 50; in all 120
// > Ada 20, Bob 100; in all 120
