'use client'

import { Moon, Sun, SunMoon } from 'lucide-react'
import { useEffect, useState } from 'react'

type Theme = 'system' | 'light' | 'dark'

const themes = {
  system: { Icon: SunMoon, word: 'System', next: 'light' },
  light: { Icon: Sun, word: 'Light', next: 'dark' },
  dark: { Icon: Moon, word: 'Dark', next: 'system' },
} as const

/** Steps through system, light and dark. public/theme.js reads the choice before the first paint. */
export function ThemeToggle() {
  const [theme, setTheme] = useState<Theme>('system')
  useEffect(() => {
    const chosen = document.documentElement.dataset.theme
    if (chosen === 'light' || chosen === 'dark') setTheme(chosen)
  }, [])

  function choose(next: Theme): void {
    setTheme(next)
    if (next === 'system') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = next
    try {
      if (next === 'system') localStorage.removeItem('theme')
      else localStorage.setItem('theme', next)
    } catch {
      // Storage is blocked: the choice holds until the page is loaded again.
    }
  }

  const { Icon, word, next } = themes[theme]
  return (
    <button
      type="button"
      onClick={() => choose(next)}
      className="inline-flex min-h-9 items-center gap-2 rounded-control px-2 max-lg:min-w-11 max-lg:justify-center text-small text-rail-soft hover:bg-rail-hover hover:text-rail-ink"
    >
      <Icon aria-hidden className="size-4" />
      <span className="max-lg:sr-only">
        <span className="sr-only">Theme: </span>
        {word}
      </span>
    </button>
  )
}
