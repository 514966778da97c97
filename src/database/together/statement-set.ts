/**
 * StatementSet: EXECUTE STATEMENT SET: INSERTs that begin together.
 *
 * How      Those that go on start at one place, all of them or none; what several of them read outside is read once.
 *          The others run after them, one by one. The log has those that started as one statement, so that a replay
 *          starts them together, too.
 * Contract 1 (checked) a set of which one query cannot start leaves nothing behind.
 * See      shared-sources.ts
 */
import type { BoundStatement } from '../../plan/index.ts'
import type { Engine } from '../engine.ts'
import type { Work } from '../query.ts'
import { insertContinuous, type Outcome, perform, type Session } from '../statement.ts'

/** A statement of the set; the sessions of all are one. */
interface Member {
  bound: BoundStatement
  session: Session
}

type Continuous = Member & { bound: { kind: 'insert-continuous' } }

/** What each of the statements gave, in their order. */
export function* performSet(engine: Engine, members: readonly Member[]): Work<Outcome[]> {
  const starting = members.filter(isContinuous)
  const outcomes = new Map<Member, Outcome>(
    startAll(engine, starting).map((outcome, at) => [starting[at]!, outcome]),
  )
  for (const member of members) {
    if (!isContinuous(member)) {
      outcomes.set(member, yield* perform(engine, member.bound, member.session))
    }
  }
  return members.map((member) => outcomes.get(member)!)
}

function isContinuous(member: Member): member is Continuous {
  return member.bound.kind === 'insert-continuous'
}

function startAll(engine: Engine, members: readonly Continuous[]): Outcome[] {
  const plans = members.map(({ bound }) => engine.physical(bound.query.plan, 'continuous'))
  const outcomes = engine.together(plans, () =>
    members.map(({ bound, session }, at) => {
      for (const notice of bound.notices) session.notice(notice)
      return insertContinuous(engine, bound, { ...session, source: null }, plans[at]!)
    }),
  )
  const sources = members.flatMap(({ session: { source } }) => source ?? [])
  const [first] = sources
  if (first !== undefined) {
    const inserts = sources.map(({ text }) => `${text};`).join(' ')
    const text = `EXECUTE STATEMENT SET BEGIN ${inserts} END`
    engine.log.appendStatement(text, first.parameters, engine.nowMicros())
  }
  return outcomes
}
