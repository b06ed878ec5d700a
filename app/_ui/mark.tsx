/** The product's mark: two saved layers and one that is starting. */
export function ProductMark({ className = '' }: { className?: string }) {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true" className={className}>
      <path d="M3 5h18M3 12h18" stroke="var(--rail-mark)" strokeWidth="2.6" />
      <path d="M3 19h9" stroke="currentColor" strokeWidth="2.6" />
      <path d="M16 15.4l5 3.6-5 3.6z" fill="currentColor" />
    </svg>
  )
}
