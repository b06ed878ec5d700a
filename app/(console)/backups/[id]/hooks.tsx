import type { BackupDetail } from '#app/_data/backup.ts'
import { Notice } from '#app/_ui/notice.tsx'
import { Panel } from '#app/_ui/panel.tsx'
import { StateMark } from '#app/_ui/state.tsx'
import { Took } from '#app/_ui/time.tsx'

/** What the plan of a backup calls before and after it. */
export function Hooks({ backup }: { backup: BackupDetail }) {
  if (backup.hooks.length === 0) return null
  const undone = backup.hooks.filter(({ phase, state }) => phase === 'AFTER' && state === 'FAILED')
  return (
    <>
      {undone.length > 0 ? (
        <Notice tone="warn" title={`Left undone after this backup: ${undone.map(({ title }) => title).join(', ')}.`}>
          The hook failed for good. Do by hand what it was to do.
        </Notice>
      ) : null}
      <Panel title="Hooks" flush>
        <table className="grid-table">
          <thead>
            <tr>
              <th scope="col">When</th>
              <th scope="col">What is called</th>
              <th scope="col">State</th>
              <th scope="col">Took</th>
            </tr>
          </thead>
          <tbody>
            {backup.hooks.map((hook) => (
              <tr key={hook.id}>
                <td data-label="When">{hook.phase === 'BEFORE' ? 'Before' : 'After'}</td>
                <td className="lead">
                  <div>
                    {hook.title.charAt(0).toUpperCase() + hook.title.slice(1)}
                    {hook.error && hook.state !== 'SUCCEEDED' ? (
                      <span className="block text-small text-ink-soft">
                        {hook.error.message} {hook.error.remedy}
                      </span>
                    ) : null}
                  </div>
                </td>
                <td data-label="State">
                  <div>
                    <StateMark state={hook.state} />
                    {hook.waitsFor ? (
                      <span className="block text-small text-ink-soft">waits for {hook.waitsFor}</span>
                    ) : null}
                    {hook.attempt > 1 ? (
                      <span className="block text-small text-ink-soft">attempt {hook.attempt}</span>
                    ) : null}
                  </div>
                </td>
                <td data-label="Took">
                  {hook.startedAt && hook.finishedAt ? <Took from={hook.startedAt} to={hook.finishedAt} /> : '–'}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Panel>
    </>
  )
}
