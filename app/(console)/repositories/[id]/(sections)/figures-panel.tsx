import { isActive } from '#app/_data/backup.ts'
import { problemIn } from '#app/_data/problem.ts'
import type { RepositoryDetail } from '#app/_data/repositories.ts'
import { useStartTask } from '#app/_data/repository-changes.ts'
import { FIGURES_DAYS, type FiguresOfDay, useRepositoryFigures } from '#app/_data/repository-looks.ts'
import { useMayChange } from '#app/_data/viewer.ts'
import { Button } from '#app/_ui/button.tsx'
import { bytes, count, day, times } from '#app/_ui/format.ts'
import { GrowthChart } from '#app/_ui/growth-chart.tsx'
import { asProblem, ProblemNotice } from '#app/_ui/notice.tsx'
import { Fact, Facts, Panel } from '#app/_ui/panel.tsx'
import { When } from '#app/_ui/time.tsx'

/** How big it is, what deduplication and compression save, and how it grows. */
export function FiguresPanel({ repository }: { repository: RepositoryDetail }) {
  const start = useStartTask(repository.id)
  const mayChange = useMayChange()
  const refusal = problemIn(start.data, start.error)
  const isCounting = repository.tasks.some((task) => task.kind === 'STATISTICS' && isActive(task.state))
  const { latestFigures } = repository
  return (
    <Panel
      title="Size"
      aside={
        mayChange ? (
          <Button
            size="small"
            look="quiet"
            className="-mx-2.5 -my-1"
            disabled={isCounting || start.isPending}
            onClick={() => start.mutate({ kind: 'STATISTICS' })}
          >
            {isCounting ? 'Counting …' : 'Count again'}
          </Button>
        ) : null
      }
    >
      {latestFigures ? (
        <>
          <Latest figures={latestFigures} />
          <Growth id={repository.id} newest={latestFigures.at} />
        </>
      ) : (
        <p className="text-ink-soft">
          {isCounting ? 'It is being counted for the first time.' : 'It was not counted yet.'}
        </p>
      )}
      <div aria-live="polite" data-tight className="mt-4 empty:hidden">
        {refusal ? <ProblemNotice problem={asProblem(refusal)} /> : null}
      </div>
    </Panel>
  )
}

function Latest({ figures }: { figures: FiguresOfDay }) {
  return (
    <Facts>
      <Fact name="Stored">{bytes(figures.storedBytes)}</Fact>
      <Fact name="All snapshots, restored">{bytes(figures.restoreBytes)}</Fact>
      <Fact name="Smaller by deduplication">{times(figures.deduplicationRatio)}</Fact>
      <Fact name="Smaller by compression">{times(figures.compressionRatio)}</Fact>
      <Fact name="Snapshots">{count(figures.snapshots)}</Fact>
      <Fact name="Free space there">
        {figures.freeBytes === null
          ? 'Cannot be known'
          : figures.totalBytes === null
            ? bytes(figures.freeBytes)
            : `${bytes(figures.freeBytes)} of ${bytes(figures.totalBytes)}`}
      </Fact>
      <Fact name="Counted">
        <When at={figures.at} />
      </Fact>
    </Facts>
  )
}

function Growth({ id, newest }: { id: string; newest: string }) {
  const figures = useRepositoryFigures(id, newest).data ?? []
  if (figures.length < 2) return null
  return (
    <div className="mt-5 border-t border-line pt-4">
      <h3 className="mb-3 text-small font-medium">Stored, over the last {FIGURES_DAYS} days</h3>
      <GrowthChart
        name="Stored size over time"
        points={figures.map(({ at, storedBytes }) => ({ at, value: storedBytes }))}
      />
      <details className="mt-3">
        <summary className="w-fit rounded-control py-0.5 text-small text-accent">As a table</summary>
        <div className="table-box mt-2 max-h-80 overflow-y-auto">
          <table className="grid-table">
            <thead>
              <tr>
                <th scope="col">Day</th>
                <th scope="col" className="figure">
                  Stored
                </th>
                <th scope="col" className="figure">
                  All snapshots, restored
                </th>
                <th scope="col" className="figure">
                  Snapshots
                </th>
              </tr>
            </thead>
            <tbody>
              {figures.toReversed().map((one) => (
                <tr key={one.at}>
                  <td className="lead">{day(one.at)}</td>
                  <td data-label="Stored" className="figure">
                    {bytes(one.storedBytes)}
                  </td>
                  <td data-label="Restored" className="figure">
                    {bytes(one.restoreBytes)}
                  </td>
                  <td data-label="Snapshots" className="figure">
                    {count(one.snapshots)}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </div>
  )
}
