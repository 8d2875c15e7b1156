/** The diary's mark: a page with a rising line. */
export function Mark() {
  return (
    <svg className="mark" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">
      <rect x="4" y="2.5" width="16" height="19" rx="3" fill="none" stroke="currentColor" strokeWidth="1.6" />
      <path d="M8 15.5l3-3.2 2.2 1.8L16.5 9" fill="none" stroke="var(--accent)" strokeWidth="1.8" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  );
}
