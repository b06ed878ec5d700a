import { ArrowLeft } from 'lucide-react'
import Link from 'next/link'

/** Above the title of a page that belongs to another one. */
export function BackLink({ href, children }: { href: string; children: string }) {
  return (
    <Link
      href={href}
      className="mb-3 inline-flex items-center gap-1.5 text-small text-accent underline-offset-2 hover:underline"
    >
      <ArrowLeft aria-hidden className="size-4" /> {children}
    </Link>
  )
}
