import { Plus, Radio } from 'lucide-react'
import Link from 'next/link'
import { type ChannelItem, useChannels } from '#app/_data/channels.ts'
import { ButtonLink } from '#app/_ui/button.tsx'
import { Panel } from '#app/_ui/panel.tsx'
import { SeverityMark } from '#app/_ui/state.tsx'
import { Answered, Empty } from '#app/_ui/waiting.tsx'

/** The channels besides mail to the recipients, and what each carries. */
export function ChannelsPanel({ mayChange }: { mayChange: boolean }) {
  const channels = useChannels()
  return (
    <Panel
      title="Channels"
      flush
      aside={
        mayChange ? (
          <ButtonLink size="small" href="/notifications/channels/new">
            <Plus aria-hidden className="size-4" /> Add a channel
          </ButtonLink>
        ) : null
      }
    >
      <Answered answer={channels}>
        {({ channels: list, channelKinds }) =>
          list.length === 0 ? (
            <Empty Icon={Radio} title="There is no channel yet">
              Slack, Teams, Discord, ntfy, short messages, signed webhooks, and mail for some events or environments
              only.
            </Empty>
          ) : (
            <table className="grid-table">
              <thead>
                <tr>
                  <th scope="col">Channel</th>
                  <th scope="col">Kind</th>
                  <th scope="col">From</th>
                  <th scope="col">Carries</th>
                  <th scope="col">Escalates to</th>
                </tr>
              </thead>
              <tbody>
                {list.map((channel) => (
                  <tr key={channel.id}>
                    <td className="lead">
                      {mayChange ? (
                        <Link
                          href={`/notifications/channels/${channel.id}`}
                          className="font-medium text-accent underline-offset-2 hover:underline"
                        >
                          {channel.name}
                        </Link>
                      ) : (
                        channel.name
                      )}
                    </td>
                    <td data-label="Kind">
                      {channelKinds.find(({ kind }) => kind === channel.kind)?.title ?? channel.kind}
                    </td>
                    <td data-label="From">
                      <SeverityMark severity={channel.severity} />
                    </td>
                    <td data-label="Carries">{carriesText(channel)}</td>
                    <td data-label="Escalates to">
                      {channel.escalateTo
                        ? `${channel.escalateTo.name}, after ${channel.escalateAfterMinutes} min`
                        : '–'}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )
        }
      </Answered>
    </Panel>
  )
}

function carriesText(channel: ChannelItem): string {
  if (!channel.enabled) return 'Nothing: it is disabled'
  const summary = channel.digest === null ? null : `a summary each ${channel.digest === 'DAILY' ? 'day' : 'week'}`
  if (channel.digestOnly) return `Only ${summary}`
  const count = (ids: string[], what: string) => (ids.length === 0 ? null : `${ids.length} ${what}`)
  const parts = [
    channel.events.length === 0 ? 'every event' : `${channel.events.length} events`,
    count(channel.environmentIds, channel.environmentIds.length === 1 ? 'environment' : 'environments'),
    count(channel.planIds, channel.planIds.length === 1 ? 'plan' : 'plans'),
    channel.quietFrom === null ? null : `quiet ${channel.quietFrom}–${channel.quietTo}`,
    summary,
  ]
  const text = parts.filter((part) => part !== null).join(', ')
  return `${text[0]?.toUpperCase()}${text.slice(1)}`
}
