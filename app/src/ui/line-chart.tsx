import type { Locale, Messages } from "@/messages";
import type { Point } from "@/server/timeline";
import { shortDay } from "./day";

interface Props {
  readonly t: Messages["charts"];
  readonly locale: Locale;
  readonly title: string;
  readonly points: readonly Point[];
  /** The lowest and highest value of the scale; taken from the points when absent. */
  readonly bounds?: readonly [number, number];
  /** Names for the steps of the scale, the lowest first. */
  readonly marks?: readonly string[];
}

const SMOOTH_FROM = 45; // with more points than this, single days are dots and the line is their average
const SMOOTH_POINTS = 9;

/** A line over days, drawn on the server; the same values stand in a table below it. */
export function LineChart({ t, locale, title, points, bounds, marks }: Props) {
  const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 2 });
  const values = points.map((point) => point.value);
  const [low, high] = bounds ?? paddedBounds(values);
  const steps = marks ?? [low, (low + high) / 2, high].map((value) => compact(value, locale));
  const smooth = points.length > SMOOTH_FROM;
  const place = placer(points, low, high);
  const [first, last] = [points[0]!, points.at(-1)!];
  const summary: [string, number][] = [
    [t.last, last.value],
    [t.average, values.reduce((sum, value) => sum + value, 0) / values.length],
    [t.lowest, Math.min(...values)],
    [t.highest, Math.max(...values)],
  ];
  return (
    <section className="chart" aria-label={title}>
      <h2>{title}</h2>
      <dl className="summary">{summary.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{number.format(value)}</dd></div>)}</dl>
      <div className="plot" role="img" aria-label={`${title}: ${summary.map(([name, value]) => `${name} ${number.format(value)}`).join(", ")}`}>
        <ol className="steps" aria-hidden="true">{steps.map((name, index) => <li key={index}>{name}</li>)}</ol>
        <svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">
          {steps.map((_, index) => <path key={index} className="grid" d={`M0 ${(100 * index) / (steps.length - 1)}H100`} />)}
          <path className={smooth ? "dots faint" : "dots"} d={points.map((point) => `M${place(point)}h0`).join("")} />
          <path className="line" d={`M${(smooth ? averaged(points) : points).map(place).join("L")}`} />
        </svg>
      </div>
      <p className="ends" aria-hidden="true"><span>{shortDay(first.day, locale)}</span><span>{shortDay(last.day, locale)}</span></p>
      {smooth && <p className="hint">{t.smooth}</p>}
      <details>
        <summary>{t.data}</summary>
        <div className="scroll" tabIndex={0} role="region" aria-label={`${title}: ${t.data}`}>
          <table>
            <thead><tr><th scope="col">{t.day}</th><th scope="col">{t.value}</th></tr></thead>
            <tbody>{points.map((point) => <tr key={point.day}><td>{shortDay(point.day, locale)}</td><td>{number.format(point.value)}</td></tr>)}</tbody>
          </table>
        </div>
      </details>
    </section>
  );
}

/** Where a point stands in a square of 100 by 100. */
function placer(points: readonly Point[], low: number, high: number): (point: Point) => string {
  const time = (day: string): number => Date.parse(`${day}T00:00:00Z`);
  const [first, last] = [time(points[0]!.day), time(points.at(-1)!.day)];
  return ({ day, value }) => {
    const x = last === first ? 50 : (100 * (time(day) - first)) / (last - first);
    return `${x.toFixed(2)} ${(100 - (100 * (value - low)) / (high - low)).toFixed(2)}`;
  };
}

/** Each point with the average of those around it. */
function averaged(points: readonly Point[]): Point[] {
  const reach = Math.floor(SMOOTH_POINTS / 2);
  return points.map(({ day }, index) => {
    const near = points.slice(Math.max(0, index - reach), index + reach + 1);
    return { day, value: near.reduce((sum, point) => sum + point.value, 0) / near.length };
  });
}

/** The values' range with some air; a line that is flat stands in the middle. */
function paddedBounds(values: readonly number[]): [number, number] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const air = (high - low || Math.abs(high) || 1) * 0.1;
  return [low >= 0 ? Math.max(0, low - air) : low - air, high + air];
}

function compact(value: number, locale: Locale): string {
  return new Intl.NumberFormat(locale, { notation: "compact", maximumFractionDigits: 1 }).format(value);
}
