'use client'

import { useEffect, useRef, useState } from 'react'
import type { BackupDetail } from '#app/_data/backup.ts'
import { runName } from '#app/_ui/format.ts'
import { stateLooks } from '#app/_ui/state.tsx'

/** Says each change of a state to people who do not see the page. What was there on opening is not said. */
export function Announcer({ backup }: { backup: BackupDetail }) {
  const [said, setSaid] = useState('')
  const known = useRef<Map<string, string> | null>(null)

  useEffect(() => {
    const now = new Map(backup.runs.map((run) => [`Backup of ${runName(run)}`, stateLooks[run.state].word]))
    now.set('The whole backup', stateLooks[backup.state].word)
    const before = known.current
    known.current = now
    if (!before) return
    const changes = [...now].filter(([name, word]) => before.get(name) !== word)
    if (changes.length > 0) setSaid(changes.map(([name, word]) => `${name}: ${word}.`).join(' '))
  }, [backup])

  return (
    <p aria-live="polite" className="sr-only">
      {said}
    </p>
  )
}
