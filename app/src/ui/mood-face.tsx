/** A face whose mouth says the mood, 1 to 5. Its meaning is always written beside it or in a label. */
export function MoodFace({ mood, size = 22 }: { readonly mood: number; readonly size?: number }) {
  const bend = (mood - 3) * 2.1; // the middle of the mouth, below or above its corners
  return (
    <svg className={`face mood-${mood}`} viewBox="0 0 24 24" width={size} height={size} aria-hidden="true">
      <circle cx="12" cy="12" r="10" />
      <path d={`M8 ${15.2 - bend / 2} Q12 ${15.2 + bend} 16 ${15.2 - bend / 2}`} fill="none" strokeWidth="1.8" strokeLinecap="round" />
      <circle cx="8.7" cy="9.6" r="1.2" className="eye" />
      <circle cx="15.3" cy="9.6" r="1.2" className="eye" />
    </svg>
  );
}
