import { useEffect, useRef, useState } from 'react'
import type { RepositoryTaskItem } from '#app/_data/repositories.ts'
import { taskName } from '#app/_ui/format.ts'
import { taskWord } from './task-outcome.tsx'

/** Says each change of a task to people who do not see the page. What was there on opening is not said. */
export function TaskAnnouncer({ tasks }: { tasks: RepositoryTaskItem[] }) {
  const [said, setSaid] = useState('')
  const known = useRef<Map<string, string> | null>(null)
  useEffect(() => {
    const sentences = new Map(tasks.map((task) => [task.id, sentence(task)]))
    const before = known.current
    known.current = sentences
    if (!before) return
    const changed = [...sentences].filter(([id, text]) => before.get(id) !== text)
    if (changed.length > 0) setSaid(changed.map(([, text]) => text).join(' '))
  }, [tasks])
  return (
    <p aria-live="polite" className="sr-only">
      {said}
    </p>
  )
}

function sentence(task: RepositoryTaskItem): string {
  const waits = task.waitsFor === null ? '' : `, waits for ${task.waitsFor}`
  return `${taskName(task)}: ${taskWord(task)}${waits}.`
}
