import type { Messages } from "@/messages";
import { fill } from "@/messages/fill";

/** A figure as it is typed; it counts once both are there. */
export interface FigureRow {
  readonly name: string;
  readonly value: string;
}

interface Props {
  readonly t: Messages["entry"];
  readonly rows: readonly FigureRow[];
  readonly known: readonly string[];
  readonly onChange: (rows: FigureRow[]) => void;
}

export function FigureFields({ t, rows, known, onChange }: Props) {
  const change = (index: number, patch: Partial<FigureRow>): void => onChange(rows.map((row, at) => (at === index ? { ...row, ...patch } : row)));
  return (
    <fieldset className="figures">
      <legend>{t.figures}</legend>
      {rows.map((row, index) => (
        <div className="figure" key={index}>
          <input name="figure-name" aria-label={t.figureName} placeholder={t.figureName} list="known-figures" maxLength={40} autoComplete="off" value={row.name} onChange={(event) => change(index, { name: event.target.value })} />
          <input name="figure-value" aria-label={t.figureValue} placeholder={t.figureValue} inputMode="decimal" autoComplete="off" value={row.value} onChange={(event) => change(index, { value: event.target.value })} />
          <button type="button" className="quiet" aria-label={fill(t.removeFigure, { name: row.name })} onClick={() => onChange(rows.filter((_, at) => at !== index))}>×</button>
        </div>
      ))}
      <datalist id="known-figures">{known.map((name) => <option key={name} value={name} />)}</datalist>
      <button type="button" className="link" onClick={() => onChange([...rows, { name: "", value: "" }])}>{t.addFigure}</button>
    </fieldset>
  );
}

export function rowsOf(figures: Readonly<Record<string, number>>): FigureRow[] {
  return Object.entries(figures).map(([name, value]) => ({ name, value: String(value) }));
}

/** "12,5" is 12.5: both languages' decimal signs are understood. */
export function figuresOf(rows: readonly FigureRow[]): Record<string, number> {
  const whole = rows.map(({ name, value }) => [name.trim(), Number(value.trim().replace(",", "."))] as const);
  return Object.fromEntries(whole.filter(([name, value], index) => name && rows[index]!.value.trim() && Number.isFinite(value)));
}
