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
  /** Names for whole values, at the left of the chart. */
  readonly marks?: readonly string[];
}

const WIDTH = 640;
const HEIGHT = 180;
const MARGIN = { left: 54, right: 12, top: 12, bottom: 24 };

/** A line over days, drawn on the server; the same values stand in a table below it. */
export function LineChart({ t, locale, title, points, bounds, marks }: Props) {
  const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 2 });
  const values = points.map((point) => point.value);
  const [low, high] = bounds ?? paddedBounds(values);
  const x = scaleDays(points);
  const y = (value: number): number => HEIGHT - MARGIN.bottom - ((value - low) / (high - low)) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const place = points.map((point) => ({ ...point, x: x(point.day), y: y(point.value) }));
  const ticks = marks ? marks.slice(1).map((name, index) => ({ value: index + 1, name })) : [low, (low + high) / 2, high].map((value) => ({ value, name: compact(value, locale) }));
  const last = points.at(-1)!;
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
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={`${title}: ${summary.map(([name, value]) => `${name} ${number.format(value)}`).join(", ")}`}>
        {ticks.map((tick) => (
          <g key={tick.value} className="tick">
            <line x1={MARGIN.left} x2={WIDTH - MARGIN.right} y1={y(tick.value)} y2={y(tick.value)} />
            <text x={MARGIN.left - 8} y={y(tick.value) + 4} textAnchor="end">{tick.name}</text>
          </g>
        ))}
        <text className="tick" x={MARGIN.left} y={HEIGHT - 6}>{shortDay(points[0]!.day, locale)}</text>
        <text className="tick" x={WIDTH - MARGIN.right} y={HEIGHT - 6} textAnchor="end">{shortDay(last.day, locale)}</text>
        <polyline className="line" points={place.map((point) => `${point.x.toFixed(1)},${point.y.toFixed(1)}`).join(" ")} />
        {place.length <= 100 && place.map((point) => (
          <circle key={point.day} cx={point.x} cy={point.y} r="2.5"><title>{`${shortDay(point.day, locale)}: ${number.format(point.value)}`}</title></circle>
        ))}
      </svg>
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

/** The values' range with some air; a line that is flat stands in the middle. */
function paddedBounds(values: readonly number[]): [number, number] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const air = (high - low || Math.abs(high) || 1) * 0.1;
  return [low >= 0 ? Math.max(0, low - air) : low - air, high + air];
}

function scaleDays(points: readonly Point[]): (day: string) => number {
  const time = (day: string): number => Date.parse(`${day}T00:00:00Z`);
  const [first, last] = [time(points[0]!.day), time(points.at(-1)!.day)];
  const width = WIDTH - MARGIN.left - MARGIN.right;
  return (day) => (last === first ? MARGIN.left + width / 2 : MARGIN.left + ((time(day) - first) / (last - first)) * width);
}

function compact(value: number, locale: Locale): string {
  return new Intl.NumberFormat(locale, { notation: "compact", maximumFractionDigits: 1 }).format(value);
}
