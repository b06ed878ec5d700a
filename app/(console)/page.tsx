'use client'

import { Database, Play } from 'lucide-react'
import Link from 'next/link'
import { useNotificationSettings } from '#app/_data/notifications.ts'
import { useRepositories } from '#app/_data/repositories.ts'
import { type SourceItem, useSources } from '#app/_data/sources.ts'
import { useRecentDays } from '#app/_data/statistics.ts'
import { useMayChange, useMayTrigger } from '#app/_data/viewer.ts'
import { ButtonLink } from '#app/_ui/button.tsx'
import { Calendar } from '#app/_ui/calendar.tsx'
import { EnvironmentTag } from '#app/_ui/environment-tag.tsx'
import { KitBanner } from '#app/_ui/kit-banner.tsx'
import { Notice } from '#app/_ui/notice.tsx'
import { PageHead, Panel } from '#app/_ui/panel.tsx'
import { RepositoryAlarms } from '#app/_ui/repository-alarms.tsx'
import { SourceRows } from '#app/_ui/source-rows.tsx'
import { Answered, Empty } from '#app/_ui/waiting.tsx'
import { RetentionHolds } from './retention-holds.tsx'

const RECENT_DAYS = 30

export default function OverviewPage() {
  const sources = useSources()
  const recent = useRecentDays(RECENT_DAYS)
  const settings = useNotificationSettings()
  const repositories = useRepositories()
  const mayTrigger = useMayTrigger()
  const mayChange = useMayChange()
  return (
    <>
      <title>Overview · System Backup Trigger</title>
      <PageHead
        title="Overview"
        intro="The last good backup of every source, and what runs now."
        actions={
          mayTrigger ? (
            <ButtonLink href="/backups/new" look="main" size="large">
              <Play aria-hidden className="size-4.5" />
              Back up now
            </ButtonLink>
          ) : null
        }
      />
      {settings.data && !settings.data.mailConfigured ? (
        <Notice
          tone="warn"
          title="Mail is not configured: nobody is told when a backup fails."
          action={
            <ButtonLink href="/notifications" size="small">
              How to configure mail
            </ButtonLink>
          }
        />
      ) : null}
      <RetentionHolds />
      <RepositoryAlarms repositories={repositories.data ?? []} />
      <KitBanner repositories={repositories.data ?? []} mayTake={mayChange} />
      <Answered answer={sources} lines={8}>
        {(list) =>
          list.length === 0 ? (
            <Panel flush>
              <Empty Icon={Database} title="There is no source yet">
                A source is one thing to back up: a database, a user-data export or a storage folder.{' '}
                <Link href="/sources/new" className="text-accent underline">
                  Add the first one
                </Link>
                .
              </Empty>
            </Panel>
          ) : (
            byEnvironment(list).map(({ environment, items }) => (
              <Panel
                key={environment.id}
                flush
                title={<EnvironmentTag environment={environment} words />}
                aside={
                  mayTrigger ? (
                    <ButtonLink
                      look="quiet"
                      size="small"
                      className="-mx-2.5"
                      href={`/backups/new?environment=${encodeURIComponent(environment.name)}`}
                    >
                      Back up {environment.name}
                    </ButtonLink>
                  ) : null
                }
              >
                <SourceRows sources={items} />
              </Panel>
            ))
          )
        }
      </Answered>
      {recent.data && sources.data && sources.data.length > 0 ? (
        <Calendar sources={sources.data} {...recent.data} days={RECENT_DAYS} />
      ) : null}
    </>
  )
}

function byEnvironment(sources: SourceItem[]) {
  const groups = new Map<string, { environment: SourceItem['environment']; items: SourceItem[] }>()
  for (const source of sources) {
    const group = groups.get(source.environment.id) ?? { environment: source.environment, items: [] }
    group.items.push(source)
    groups.set(source.environment.id, group)
  }
  return [...groups.values()]
}
