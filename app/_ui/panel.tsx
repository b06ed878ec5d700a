import type { ReactNode } from 'react'

export function PageHead({ title, intro, actions }: { title: string; intro?: ReactNode; actions?: ReactNode }) {
  return (
    <header className="mb-5 flex flex-wrap items-end justify-between gap-x-6 gap-y-3">
      <div className="min-w-0">
        <h1 className="text-title font-semibold tracking-tight text-balance">{title}</h1>
        {intro ? <p className="mt-1 max-w-[68ch] text-ink-soft">{intro}</p> : null}
      </div>
      {actions ? <div className="flex flex-wrap gap-2">{actions}</div> : null}
    </header>
  )
}

interface PanelProps {
  title?: ReactNode
  aside?: ReactNode
  /** For links that lead to it. */
  id?: string
  children: ReactNode
  /** Without the inner margin, for tables and lists that bring their own. */
  flush?: boolean
}

export function Panel({ title, aside, id, children, flush = false }: PanelProps) {
  return (
    <section id={id} className="mb-5 scroll-mt-4 min-w-0 overflow-hidden rounded-panel border border-line bg-sheet">
      {title ? (
        <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 border-b border-line px-4 py-2.5">
          <h2 className="flex min-w-0 items-center text-body font-semibold">{title}</h2>
          {aside}
        </div>
      ) : null}
      <div className={flush ? 'table-box' : 'p-4'}>{children}</div>
    </section>
  )
}

/** Names and figures, side by side. */
export function Facts({ children }: { children: ReactNode }) {
  return <dl className="grid grid-cols-2 gap-x-6 gap-y-3 sm:grid-cols-3 lg:grid-cols-4">{children}</dl>
}

export function Fact({ name, children, wide = false }: { name: string; children: ReactNode; wide?: boolean }) {
  return (
    <div className={`min-w-0 ${wide ? 'col-span-full' : ''}`}>
      <dt className="text-label text-ink-soft">{name}</dt>
      <dd className="mt-0.5">{children}</dd>
    </div>
  )
}
