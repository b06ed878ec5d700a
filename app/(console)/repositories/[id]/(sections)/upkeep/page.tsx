'use client'

import { useMayChange } from '#app/_data/viewer.ts'
import { useShownRepository } from '../shown.ts'
import { DamagePanel } from './damage-panel.tsx'
import { LockPanel } from './lock-panel.tsx'
import { StartTasks } from './start-tasks.tsx'
import { TaskAnnouncer } from './task-announcer.tsx'
import { TaskPanel } from './task-panel.tsx'

export default function UpkeepPage() {
  const repository = useShownRepository()
  const mayChange = useMayChange()
  if (!repository) return null
  return (
    <>
      <TaskAnnouncer tasks={repository.tasks} />
      <DamagePanel repository={repository} />
      {mayChange ? <StartTasks repository={repository} /> : null}
      <TaskPanel repository={repository} />
      <LockPanel repository={repository} />
    </>
  )
}
