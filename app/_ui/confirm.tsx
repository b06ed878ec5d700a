'use client'

import { AlertDialog } from 'radix-ui'
import { type ReactNode, useId, useState } from 'react'
import { Button } from '#app/_ui/button.tsx'
import { Field, Input } from '#app/_ui/field.tsx'

interface ConfirmProps {
  trigger: ReactNode
  title: string
  children: ReactNode
  keep: string
  go: string
  /** Has to be typed first. */
  typed?: string | undefined
  /** Of what is confirmed: most of what is asked for first takes something away. */
  tone?: 'danger' | 'main'
  onConfirm: () => void
}

/** Asks before something that cannot be taken back, or that many are touched by. The way out has the focus. */
export function Confirm({ trigger, title, children, keep, go, typed, tone = 'danger', onConfirm }: ConfirmProps) {
  const id = useId()
  const [text, setText] = useState('')
  return (
    <AlertDialog.Root onOpenChange={() => setText('')}>
      <AlertDialog.Trigger asChild>{trigger}</AlertDialog.Trigger>
      <AlertDialog.Portal>
        <AlertDialog.Overlay className="fixed inset-0 z-40 bg-shade" />
        <AlertDialog.Content className="fixed top-1/2 left-1/2 z-50 w-[min(28rem,calc(100vw-2rem))] -translate-x-1/2 -translate-y-1/2 rounded-panel border border-line bg-sheet p-5">
          <AlertDialog.Title className="text-lead font-semibold">{title}</AlertDialog.Title>
          <AlertDialog.Description asChild>
            <div className="mt-2 text-ink-soft">{children}</div>
          </AlertDialog.Description>
          {typed === undefined ? null : (
            <div className="mt-4">
              <Field label={`Type “${typed}” to go on`} htmlFor={id}>
                <Input id={id} value={text} autoComplete="off" onChange={(event) => setText(event.target.value)} />
              </Field>
            </div>
          )}
          <div className="mt-5 flex flex-wrap justify-end gap-2">
            <AlertDialog.Cancel asChild>
              <Button>{keep}</Button>
            </AlertDialog.Cancel>
            <AlertDialog.Action asChild>
              <Button look={tone} disabled={typed !== undefined && text !== typed} onClick={onConfirm}>
                {go}
              </Button>
            </AlertDialog.Action>
          </div>
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  )
}
