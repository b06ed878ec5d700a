'use client'

import { Send, Trash2 } from 'lucide-react'
import { useParams, useRouter } from 'next/navigation'
import {
  type ChannelSettings,
  useChannelForm,
  useChannelSettings,
  useDeleteChannel,
  useTestChannel,
} from '#app/_data/channels.ts'
import { problemIn } from '#app/_data/problem.ts'
import { BackLink } from '#app/_ui/back-link.tsx'
import { Button } from '#app/_ui/button.tsx'
import { Confirm } from '#app/_ui/confirm.tsx'
import { asProblem, Notice, ProblemNotice } from '#app/_ui/notice.tsx'
import { PageHead } from '#app/_ui/panel.tsx'
import { Answered } from '#app/_ui/waiting.tsx'
import { ChannelEditor } from '../channel-editor.tsx'

export default function ChannelPage() {
  const { id } = useParams<{ id: string }>()
  const channel = useChannelSettings(id)
  const form = useChannelForm()
  return (
    <>
      <title>Channel · System Backup Trigger</title>
      <BackLink href="/notifications">Notifications</BackLink>
      <Answered answer={channel} lines={6}>
        {(found) =>
          found ? (
            <>
              <Head channel={found} />
              <Answered answer={form} lines={6}>
                {(kinds) => <ChannelEditor form={kinds} channel={found} />}
              </Answered>
            </>
          ) : (
            <Notice tone="warn" title="There is no such channel.">
              It may have been deleted.
            </Notice>
          )
        }
      </Answered>
    </>
  )
}

function Head({ channel }: { channel: ChannelSettings }) {
  const router = useRouter()
  const test = useTestChannel()
  const remove = useDeleteChannel()
  const problem = problemIn(test.data, test.error) ?? problemIn(remove.data, remove.error)
  const failed = test.data?.__typename === 'TestChannelSuccess' ? test.data.deliveries.find(({ error }) => error) : null
  return (
    <>
      <PageHead
        title={channel.name}
        actions={
          <>
            <Button disabled={test.isPending} onClick={() => test.mutate(channel.id)}>
              <Send aria-hidden className="size-4" />
              {test.isPending ? 'Sending …' : 'Send a test'}
            </Button>
            <Confirm
              trigger={
                <Button disabled={remove.isPending}>
                  <Trash2 aria-hidden className="size-4" />
                  Delete
                </Button>
              }
              title={`Delete the channel ${channel.name}?`}
              keep="Keep it"
              go="Delete it"
              onConfirm={async () => {
                const answer = await remove.mutateAsync(channel.id)
                if (answer.__typename === 'DeleteChannelSuccess') router.push('/notifications')
              }}
            >
              Nothing is told through it any more, and what waits for it is not sent.
            </Confirm>
          </>
        }
      />
      <div aria-live="polite" className="empty:hidden">
        {problem ? <ProblemNotice problem={asProblem(problem)} /> : null}
        {failed ? (
          <Notice tone="bad" title={`The test did not reach ${failed.recipient}.`}>
            {failed.error}
          </Notice>
        ) : null}
        {test.data?.__typename === 'TestChannelSuccess' && !failed ? (
          <Notice tone="good" title="The test was taken by the other side." />
        ) : null}
      </div>
    </>
  )
}
