import { Lock } from 'lucide-react'

interface Environment {
  name: string
  colour: string
  protected: boolean
}

/** A name from tokens.css, or any colour that CSS knows. */
function cssColour(colour: string): string {
  return /^[a-z]+$/.test(colour) ? `var(--env-${colour}, ${colour})` : colour
}

/** The environment's name; its colour is a mark beside it, its protection a word. */
export function EnvironmentTag({ environment, words = false }: { environment: Environment; words?: boolean }) {
  return (
    <span className="inline-flex items-center gap-2 whitespace-nowrap">
      <span aria-hidden className="h-3.5 w-1 rounded-mark" style={{ background: cssColour(environment.colour) }} />
      {environment.name}
      {environment.protected ? (
        <span className="inline-flex items-center gap-1 text-label font-normal text-ink-soft">
          <Lock aria-hidden className="size-3.5" />
          <span className={words ? '' : 'sr-only'}>protected</span>
        </span>
      ) : null}
    </span>
  )
}
