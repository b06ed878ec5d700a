import Link from 'next/link'
import type { ButtonHTMLAttributes, ComponentProps } from 'react'

type Look = 'main' | 'plain' | 'quiet' | 'danger'

const looks: Record<Look, string> = {
  main: 'bg-accent text-on-accent hover:bg-accent-strong font-medium',
  plain: 'border border-line-strong bg-sheet text-ink hover:bg-well',
  quiet: 'text-accent hover:bg-accent-wash',
  danger: 'bg-bad text-on-bad font-medium hover:brightness-110',
}

const base =
  'inline-flex items-center justify-center gap-2 rounded-control whitespace-nowrap transition-colors duration-100 ease-calm disabled:opacity-55 disabled:cursor-not-allowed'

const sizes = { normal: 'min-h-9 px-3.5', large: 'min-h-11 px-5 text-lead', small: 'min-h-8 px-2.5 text-small' }

interface Choice {
  look?: Look
  size?: keyof typeof sizes
}

export function Button({
  look = 'plain',
  size = 'normal',
  className = '',
  ...rest
}: ButtonHTMLAttributes<HTMLButtonElement> & Choice) {
  return <button type="button" {...rest} className={`${base} ${looks[look]} ${sizes[size]} ${className}`} />
}

export function ButtonLink({
  look = 'plain',
  size = 'normal',
  className = '',
  ...rest
}: ComponentProps<typeof Link> & Choice) {
  return <Link {...rest} className={`${base} ${looks[look]} ${sizes[size]} ${className}`} />
}
