/**
 * Calendar: days since 1970-01-01 to year, month and day of the proleptic Gregorian calendar, and back.
 *
 * How      Howard Hinnant's algorithms: years begin in March, eras have 400 years = 146,097 days.
 * Contract 1 (checked) exact for every INTEGER number of days.
 */

export interface CivilDate {
  year: number
  /** 1–12 */
  month: number
  /** 1–31 */
  day: number
}

export function civilOf(days: number): CivilDate {
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  )
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day }
}

/** `month` may lie outside 1–12: it carries into the year. */
export function daysOf({ year, month, day }: CivilDate): number {
  const months = month - 1
  const carried = year + Math.floor(months / 12)
  const inYear = months - Math.floor(months / 12) * 12 + 1
  const shifted = inYear <= 2 ? carried - 1 : carried
  const era = Math.floor(shifted / 400)
  const yearOfEra = shifted - era * 400
  const dayOfYear = Math.floor((153 * (inYear > 2 ? inYear - 3 : inYear + 9) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100)
  return era * 146_097 + dayOfEra + dayOfYear - 719_468
}

/** The same day some months later, in days since 1970-01-01; a day that its month does not have becomes the last. */
export function monthsLater(days: number, months: number): number {
  const { year, month, day } = civilOf(days)
  const first = civilOf(daysOf({ year, month: month + months, day: 1 }))
  return daysOf({ ...first, day: Math.min(day, daysInMonth(first.year, first.month)) })
}

export function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}
