import type { Metadata } from "next";
import Link from "next/link";
import { fill } from "@/messages";
import { isDay } from "@/server/draft";
import { preferences } from "@/server/preferences";
import { readQuery, type SearchParams } from "@/server/query";
import { requirePerson } from "@/server/session";
import { listDays, type DayEntry } from "@/server/timeline";
import { addDays, longDay, monthName, today, weekdays } from "@/ui/day";
import { MoodFace } from "@/ui/mood-face";

const SHOWN_A_DAY = 3;

type Props = { searchParams: SearchParams };

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await preferences()).t.nav.calendar };
}

export default async function Calendar({ searchParams }: Props) {
  const person = await requirePerson();
  const { t, locale } = await preferences();
  const wanted = (await readQuery(searchParams)).month;
  const month = isDay(`${wanted}-01`) ? wanted! : today().slice(0, 7);
  const weeks = weeksOf(month);
  const days = weeks.flat().filter(isDay);
  const entries = Map.groupBy(await listDays(person.id, days[0]!, days.at(-1)!), (entry) => entry.day);
  return (
    <>
      <div className="month-head">
        <h1>{monthName(month, locale)}</h1>
        <nav aria-label={t.nav.calendar}>
          <MonthLink day={addDays(`${month}-01`, -1)} label={t.calendar.previous} arrow="←" />
          <Link href="/calendar" prefetch={false} className="button">{t.calendar.today}</Link>
          <MonthLink day={addDays(`${month}-01`, 31)} label={t.calendar.next} arrow="→" />
        </nav>
      </div>
      <table className="calendar">
        <thead><tr>{weekdays(locale).map((name) => <th key={name} scope="col">{name}</th>)}</tr></thead>
        <tbody>
          {weeks.map((week) => (
            <tr key={week[0]}>
              {week.map((day) => !isDay(day) ? <td key={day} /> : (
                <td key={day} className={day.startsWith(month) ? undefined : "other-month"} aria-current={day === today() ? "date" : undefined}>
                  <Link href={`/entries/new?day=${day}`} prefetch={false} className="day-number" aria-label={fill(t.calendar.write, { day: longDay(day, locale) })}>{Number(day.slice(8))}</Link>
                  <DayEntries entries={entries.get(day) ?? []} t={t} day={day} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

/** Nothing where the diary's days end. */
function MonthLink({ day, label, arrow }: { day: string; label: string; arrow: string }) {
  return isDay(day) && <Link href={`/calendar?month=${day.slice(0, 7)}`} prefetch={false} aria-label={label} className="button">{arrow}</Link>;
}

function DayEntries({ entries, t, day }: { entries: readonly DayEntry[]; t: Awaited<ReturnType<typeof preferences>>["t"]; day: string }) {
  const more = entries.length - SHOWN_A_DAY;
  return (
    <>
      {entries.slice(0, SHOWN_A_DAY).map((entry) => (
        <Link key={entry.id} href={`/entries/${entry.id}`} prefetch={false} className="day-entry" title={entry.title || t.entry.untitled}>
          {entry.mood ? <MoodFace mood={entry.mood} size={18} /> : <span className="dot" aria-hidden="true" />}
          <span className="day-title">{entry.title || t.entry.untitled}</span>
        </Link>
      ))}
      {more > 0 && <Link href={`/?from=${day}&to=${day}`} prefetch={false} className="day-more">{fill(t.calendar.more, { count: more })}</Link>}
    </>
  );
}

/** The days of a month in whole weeks, which begin on Monday. */
function weeksOf(month: string): string[][] {
  const first = `${month}-01`;
  const before = (new Date(`${first}T00:00:00Z`).getUTCDay() + 6) % 7;
  const length = new Date(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5)), 0)).getUTCDate();
  const weeks = Array.from({ length: Math.ceil((before + length) / 7) }, (_, week) => 7 * week - before);
  return weeks.map((monday) => [0, 1, 2, 3, 4, 5, 6].map((offset) => addDays(first, monday + offset)));
}
