import { MoodFace } from "./mood-face";

interface Props {
  readonly label: string;
  readonly none: string;
  readonly names: readonly string[];
  readonly value: number | null;
  readonly onChange: (mood: number | null) => void;
}

export function MoodPicker({ label, none, names, value, onChange }: Props) {
  return (
    <fieldset className="moods">
      <legend>{label}</legend>
      {[1, 2, 3, 4, 5].map((mood) => (
        <label key={mood} title={names[mood]}>
          <input type="radio" name="mood" value={mood} className="visually-hidden" checked={value === mood} onChange={() => onChange(mood)} />
          <MoodFace mood={mood} size={30} />
          <span className="visually-hidden">{names[mood]}</span>
        </label>
      ))}
      <label title={none}>
        <input type="radio" name="mood" value="" className="visually-hidden" checked={value === null} onChange={() => onChange(null)} />
        <span className="no-mood" aria-hidden="true">–</span>
        <span className="visually-hidden">{none}</span>
      </label>
    </fieldset>
  );
}
