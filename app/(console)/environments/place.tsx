import { ArrowDown, ArrowUp } from 'lucide-react'
import { type EnvironmentItem, useUpdateEnvironment } from '#app/_data/environments.ts'
import { Button } from '#app/_ui/button.tsx'

/** Moves an environment among the others; every list shows them in this order. */
export function Place({
  environment,
  position,
  last,
}: {
  environment: EnvironmentItem
  position: number
  last: number
}) {
  const update = useUpdateEnvironment()
  const move = (by: number) => update.mutate({ id: environment.id, position: position + by })
  return (
    <>
      <Button
        size="small"
        aria-label={`Move ${environment.name} up`}
        disabled={position === 0 || update.isPending}
        onClick={() => move(-1)}
      >
        <ArrowUp aria-hidden className="size-4" />
      </Button>
      <Button
        size="small"
        aria-label={`Move ${environment.name} down`}
        disabled={position === last || update.isPending}
        onClick={() => move(1)}
      >
        <ArrowDown aria-hidden className="size-4" />
      </Button>
    </>
  )
}
