'use client'

import { ShieldCheck } from 'lucide-react'
import Link from 'next/link'
import { useRepositories } from '#app/_data/repositories.ts'
import { useVerifications, type VerificationItem } from '#app/_data/verifications.ts'
import { ButtonLink } from '#app/_ui/button.tsx'
import { EnvironmentTag } from '#app/_ui/environment-tag.tsx'
import { bytes, duration, runName } from '#app/_ui/format.ts'
import { PageHead, Panel } from '#app/_ui/panel.tsx'
import { HealthMark, VerificationMark } from '#app/_ui/state.tsx'
import { When } from '#app/_ui/time.tsx'
import { Answered, Empty } from '#app/_ui/waiting.tsx'

export default function VerificationsPage() {
  const verifications = useVerifications()
  return (
    <>
      <title>Verifications · System Backup Trigger</title>
      <PageHead
        title="Verifications"
        intro="Backups that were restored into a scratch place and looked at there. A backup is worth what its restore is worth."
      />
      <Answered answer={verifications} lines={6}>
        {(all) => (
          <Panel flush>
            {all.length === 0 ? (
              <Empty Icon={ShieldCheck} title="Nothing was verified yet">
                <p className="mb-4">
                  Plans verify the newest good backup of each of their sources every week. By hand, open a backup and
                  choose “Verify” at one of its runs.
                </p>
                <ButtonLink href="/backups">To the backups</ButtonLink>
              </Empty>
            ) : (
              <Table verifications={all} />
            )}
          </Panel>
        )}
      </Answered>
      <Integrity />
    </>
  )
}

/** What the checks of the repositories found, which everything else rests on. */
function Integrity() {
  const repositories = useRepositories()
  return (
    <Panel title="Integrity of the repositories" flush>
      <Answered answer={repositories} lines={2}>
        {(all) => (
          <table className="grid-table">
            <thead>
              <tr>
                <th scope="col">Repository</th>
                <th scope="col">Health</th>
                <th scope="col">What its checks say</th>
              </tr>
            </thead>
            <tbody>
              {all.map(({ id, name, health }) => (
                <tr key={id}>
                  <td className="lead">
                    <Link href={`/repositories/${id}`} className="text-accent underline-offset-2 hover:underline">
                      {name}
                    </Link>
                  </td>
                  <td data-label="Health">
                    <HealthMark state={health.state} />
                  </td>
                  <td data-label="What its checks say">{health.sentence}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Answered>
    </Panel>
  )
}

function Table({ verifications }: { verifications: VerificationItem[] }) {
  return (
    <table className="grid-table">
      <thead>
        <tr>
          <th scope="col">Asked for</th>
          <th scope="col">What</th>
          <th scope="col">Result</th>
          <th scope="col">Saved</th>
          <th scope="col" className="figure">
            Size
          </th>
          <th scope="col" className="figure">
            Time to restore
          </th>
        </tr>
      </thead>
      <tbody>
        {verifications.map((one) => (
          <tr key={one.id}>
            <td className="lead">
              <Link href={`/verifications/${one.id}`} className="text-accent underline-offset-2 hover:underline">
                <When at={one.queuedAt} />
              </Link>
            </td>
            <td data-label="What">
              <div>
                {runName(one.run)}
                <span className="block text-small text-ink-soft">
                  <EnvironmentTag environment={one.run.source.environment} />
                </span>
              </div>
            </td>
            <td data-label="Result">
              <VerificationMark state={one.state} result={one.result} />
            </td>
            <td data-label="Saved">{one.run.finishedAt ? <When at={one.run.finishedAt} /> : '–'}</td>
            <td data-label="Size" className="figure">
              {bytes(one.bytesTotal)}
            </td>
            <td data-label="Time to restore" className="figure">
              {duration(one.restoreSeconds)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
