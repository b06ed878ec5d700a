import type { ReactNode } from 'react'

/** A word that marks one among others. */
export function Tag({ children }: { children: ReactNode }) {
  return (
    <span className="inline-flex items-center rounded-mark bg-accent-wash px-1.5 text-label font-medium text-accent">
      {children}
    </span>
  )
}
