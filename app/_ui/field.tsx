import { CircleX } from 'lucide-react'
import type { InputHTMLAttributes, ReactNode, SelectHTMLAttributes, TextareaHTMLAttributes } from 'react'

const control =
  'w-full min-w-0 rounded-control border border-line-strong bg-sheet px-2.5 text-ink placeholder:text-ink-soft disabled:opacity-60 aria-invalid:border-bad'

interface FieldProps {
  label: string
  htmlFor: string
  hint?: ReactNode
  /** What is wrong with it. */
  error?: string | undefined
  children: ReactNode
}

/** A control with its name above, and below it what is wrong and its help; see `describedBy`. */
export function Field({ label, htmlFor, hint, error, children }: FieldProps) {
  return (
    <div className="grid min-w-0 content-start gap-1.5">
      <label htmlFor={htmlFor} className="text-small font-medium">
        {label}
      </label>
      {children}
      <FieldNotes htmlFor={htmlFor} hint={hint} error={error} />
    </div>
  )
}

/** Help and error of a control, with the ids that `describedBy` names. */
export function FieldNotes({ htmlFor, hint, error }: Pick<FieldProps, 'htmlFor' | 'hint' | 'error'>) {
  return (
    <>
      {error ? (
        <p id={`${htmlFor}-error`} className="flex items-start gap-1.5 text-small font-medium text-bad">
          <CircleX aria-hidden className="mt-0.5 size-3.5 shrink-0" />
          {error}
        </p>
      ) : null}
      {hint ? (
        <p id={`${htmlFor}-hint`} className="text-small text-ink-soft">
          {hint}
        </p>
      ) : null}
    </>
  )
}

/** Ties a control to the notes of its field. */
export function describedBy(htmlFor: string, { hint, error }: { hint?: unknown; error?: unknown }) {
  const ids = [...(error ? [`${htmlFor}-error`] : []), ...(hint ? [`${htmlFor}-hint`] : [])]
  return {
    'aria-describedby': ids.length > 0 ? ids.join(' ') : undefined,
    'aria-invalid': error ? (true as const) : undefined,
  }
}

export function Input({ className = '', ...rest }: InputHTMLAttributes<HTMLInputElement>) {
  return <input {...rest} className={`${control} h-9 ${className}`} />
}

export function Select({ className = '', ...rest }: SelectHTMLAttributes<HTMLSelectElement>) {
  return <select {...rest} className={`${control} h-9 ${className}`} />
}

export function TextArea({ className = '', ...rest }: TextareaHTMLAttributes<HTMLTextAreaElement>) {
  return <textarea {...rest} className={`${control} py-2 ${className}`} />
}

interface ChoiceProps {
  kind: 'checkbox' | 'radio'
  name: string
  checked: boolean
  disabled?: boolean
  onChange: (checked: boolean) => void
  children: ReactNode
  detail?: ReactNode
}

/** One choice as a row that can be hit anywhere. */
export function Choice({ kind, name, checked, disabled = false, onChange, children, detail }: ChoiceProps) {
  return (
    <label
      className={`flex min-h-11 min-w-0 items-start gap-2.5 rounded-control border px-3 py-2 has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent ${checked ? 'border-accent bg-accent-wash' : 'border-line bg-sheet hover:border-line-strong'} ${disabled ? 'opacity-60' : ''}`}
    >
      <input
        type={kind}
        name={name}
        checked={checked}
        disabled={disabled}
        onChange={(event) => onChange(event.target.checked)}
        className="mt-1 size-4 shrink-0 outline-none"
      />
      <span className="min-w-0">
        <span className="block">{children}</span>
        {detail ? <span className="block text-small text-ink-soft">{detail}</span> : null}
      </span>
    </label>
  )
}
