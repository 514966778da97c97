/**
 * StatementSet: EXECUTE STATEMENT SET: INSERTs that begin together.
 *
 * How      1. Those that go into stored relations put their rows aside, one after the other; each reads what was there
 *             before the set, and keys are judged over all of them.
 *          2. Then, in one step, those that go on start at one place, what several of them read outside is read once,
 *             and the rows that were put aside come as one change. The log has those that started as one statement, so
 *             that a replay starts them together, too.
 * Contract 1 (checked) a set of which one statement cannot start, or cannot put its rows in, leaves nothing behind.
 *          2 (checked) wherever the engine stops, the log has the whole set or nothing of it.
 * See      shared-sources.ts, ../session/transaction.ts
 */
import type { BoundStatement } from '../../plan/index.ts'
import { insertRows } from '../change.ts'
import type { Engine } from '../engine.ts'
import type { Work } from '../query.ts'
import { Transaction } from '../session/transaction.ts'
import { askingFor, insertContinuous, type Outcome, perform, type Session } from '../statement.ts'

/** A statement of the set; the sessions of all are one. */
interface Member {
  bound: BoundStatement
  session: Session
}

type Continuous = Member & { bound: { kind: 'insert-continuous' } }

/** What each of the statements gave, in their order. */
export function* performSet(engine: Engine, members: readonly Member[]): Work<Outcome[]> {
  const starting = members.filter(isContinuous)
  const outcomes = new Map<Member, Outcome>()
  const aside = new Transaction(engine)
  try {
    for (const member of members) {
      if (!isContinuous(member)) outcomes.set(member, yield* performAside(engine, member, aside))
    }
    startAll(engine, starting, aside).forEach((outcome, at) => {
      outcomes.set(starting[at]!, outcome)
    })
  } finally {
    aside.end()
  }
  return members.map((member) => outcomes.get(member)!)
}

/** Inside a transaction of the session the rows go there, as those of any other statement. */
function* performAside(
  engine: Engine,
  { bound, session }: Member,
  aside: Transaction,
): Work<Outcome> {
  if (bound.kind !== 'insert' || session.state.transaction !== null)
    return yield* perform(engine, bound, session)
  for (const notice of bound.notices) session.notice(notice)
  return yield* insertRows(aside, bound, askingFor(engine, session))
}

function isContinuous(member: Member): member is Continuous {
  return member.bound.kind === 'insert-continuous'
}

function startAll(engine: Engine, members: readonly Continuous[], aside: Transaction): Outcome[] {
  const plans = members.map(({ bound }) => engine.physical(bound.query.plan, 'continuous'))
  const outcomes = engine.together(plans, () => {
    const started = members.map(({ bound, session }, at) => {
      for (const notice of bound.notices) session.notice(notice)
      return insertContinuous(engine, bound, { ...session, source: null }, plans[at]!)
    })
    aside.commit()
    return started
  })
  const sources = members.flatMap(({ session: { source } }) => source ?? [])
  const [first] = sources
  if (first !== undefined) {
    const inserts = sources.map(({ text }) => `${text};`).join(' ')
    const text = `EXECUTE STATEMENT SET BEGIN ${inserts} END`
    engine.log.appendStatement(text, first.parameters, engine.nowMicros())
  }
  return outcomes
}
