import type { Metadata } from "next";
import Link from "next/link";
import { fill } from "@/messages";
import { preferences } from "@/server/preferences";
import { readQuery, type SearchParams } from "@/server/query";
import { requirePerson } from "@/server/session";
import { figureSeries, moodSeries } from "@/server/timeline";
import { addDays, today } from "@/ui/day";
import { LineChart } from "@/ui/line-chart";

const RANGES: Readonly<Record<string, number>> = { "30": 30, "90": 90, "365": 365, all: 40_000 };

type Props = { searchParams: SearchParams };

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await preferences()).t.nav.charts };
}

export default async function Charts({ searchParams }: Props) {
  const person = await requirePerson();
  const { t, locale } = await preferences();
  const { range: wanted = "90" } = await readQuery(searchParams);
  const range = Object.hasOwn(RANGES, wanted) ? wanted : "90";
  const from = addDays(today(), -RANGES[range]!);
  const [mood, figures] = await Promise.all([moodSeries(person.id, from), figureSeries(person.id, from)]);
  const names: Readonly<Record<string, string>> = { "30": fill(t.charts.days, { count: 30 }), "90": fill(t.charts.days, { count: 90 }), "365": t.charts.year, all: t.charts.all };
  return (
    <>
      <div className="month-head">
        <h1>{t.nav.charts}</h1>
        <nav aria-label={t.charts.range}>
          {Object.keys(names).sort((a, b) => RANGES[a]! - RANGES[b]!).map((key) => (
            <Link key={key} href={`/charts?range=${key}`} prefetch={false} className="button" aria-current={key === range ? "page" : undefined}>{names[key]}</Link>
          ))}
        </nav>
      </div>
      {mood.length === 0 && figures.size === 0 && <p className="empty">{t.charts.empty}</p>}
      <div className="charts">
      {mood.length > 0 && <LineChart t={t.charts} locale={locale} title={t.charts.mood} points={mood} bounds={[1, 5]} marks={t.moods.slice(1)} />}
      {[...figures].map(([name, points]) => <LineChart key={name} t={t.charts} locale={locale} title={name} points={points} />)}
      </div>
    </>
  );
}
