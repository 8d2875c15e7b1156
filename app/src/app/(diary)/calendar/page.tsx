import type { Metadata } from "next";
import Link from "next/link";
import { fill } from "@/messages";
import { isDay } from "@/server/draft";
import { preferences } from "@/server/preferences";
import { requirePerson } from "@/server/session";
import { listDays, type DayEntry } from "@/server/timeline";
import { addDays, longDay, monthName, today, weekdays } from "@/ui/day";
import { MoodFace } from "@/ui/mood-face";

const SHOWN_A_DAY = 3;

type Props = { searchParams: Promise<{ month?: string }> };

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await preferences()).t.nav.calendar };
}

export default async function Calendar({ searchParams }: Props) {
  const person = await requirePerson();
  const { t, locale } = await preferences();
  const wanted = (await searchParams).month;
  const month = isDay(`${wanted}-01`) ? wanted! : today().slice(0, 7);
  const weeks = weeksOf(month);
  const entries = Map.groupBy(await listDays(person.id, weeks[0]![0]!, weeks.at(-1)!.at(-1)!), (entry) => entry.day);
  return (
    <>
      <div className="month-head">
        <h1>{monthName(month, locale)}</h1>
        <nav aria-label={t.nav.calendar}>
          <Link href={`/calendar?month=${addDays(`${month}-01`, -1).slice(0, 7)}`} prefetch={false} aria-label={t.calendar.previous} className="button">←</Link>
          <Link href="/calendar" prefetch={false} className="button">{t.calendar.today}</Link>
          <Link href={`/calendar?month=${addDays(`${month}-01`, 31).slice(0, 7)}`} prefetch={false} aria-label={t.calendar.next} className="button">→</Link>
        </nav>
      </div>
      <table className="calendar">
        <thead><tr>{weekdays(locale).map((name) => <th key={name} scope="col">{name}</th>)}</tr></thead>
        <tbody>
          {weeks.map((week) => (
            <tr key={week[0]}>
              {week.map((day) => (
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
  const start = addDays(first, -((new Date(`${first}T00:00:00Z`).getUTCDay() + 6) % 7));
  const weeks: string[][] = [];
  for (let monday = start; monday.slice(0, 7) <= month; monday = addDays(monday, 7)) {
    weeks.push([0, 1, 2, 3, 4, 5, 6].map((offset) => addDays(monday, offset)));
  }
  return weeks;
}
