'use client'

import { useRouter, useSearchParams } from 'next/navigation'
import { useEffect, useRef, useState } from 'react'
import { useEnvironments, useSources } from '#app/_data/sources.ts'
import { ButtonLink } from '#app/_ui/button.tsx'
import { Field, Input, Select } from '#app/_ui/field.tsx'
import { typeNames } from '#app/_ui/format.ts'
import { stateLooks } from '#app/_ui/state.tsx'
import { type FilterName, filterNames, filterStates, filterTypes, withFilter } from './filters.ts'

const TYPING_PAUSE_MS = 350

/** The filters of the history. The page's address holds them, so a reload or a shared link keeps them. */
export function FilterBar() {
  const address = useSearchParams()
  const router = useRouter()
  const environments = useEnvironments()
  const sources = useSources()
  // The router takes a moment to follow; a second change in that moment must build on the first.
  const latest = useRef(new URLSearchParams(address))
  useEffect(() => {
    latest.current = new URLSearchParams(address)
  }, [address])

  function set(name: FilterName, value: string): void {
    const next = withFilter(latest.current, name, value)
    latest.current = new URLSearchParams(next.split('?')[1])
    router.replace(next, { scroll: false })
  }
  const value = (name: FilterName) => address.get(name) ?? ''

  return (
    <search
      aria-label="Filter backups"
      className="mb-4 grid grid-cols-2 items-end gap-3 sm:grid-cols-3 lg:grid-cols-4 2xl:grid-cols-[repeat(6,minmax(0,1fr))_minmax(0,1.5fr)_auto]"
    >
      <Field label="Environment" htmlFor="filter-environment">
        <Select
          id="filter-environment"
          value={value('environment')}
          onChange={(event) => set('environment', event.target.value)}
        >
          <option value="">All</option>
          {(environments.data ?? []).map(({ id, name }) => (
            <option key={id}>{name}</option>
          ))}
        </Select>
      </Field>
      <Field label="Type" htmlFor="filter-type">
        <Select id="filter-type" value={value('type')} onChange={(event) => set('type', event.target.value)}>
          <option value="">All</option>
          {filterTypes.map((type) => (
            <option key={type} value={type}>
              {typeNames[type]}
            </option>
          ))}
        </Select>
      </Field>
      <Field label="State" htmlFor="filter-state">
        <Select id="filter-state" value={value('state')} onChange={(event) => set('state', event.target.value)}>
          <option value="">All</option>
          {filterStates.map((state) => (
            <option key={state} value={state}>
              {stateLooks[state].word}
            </option>
          ))}
        </Select>
      </Field>
      <Field label="Source" htmlFor="filter-source">
        <Select id="filter-source" value={value('source')} onChange={(event) => set('source', event.target.value)}>
          <option value="">All</option>
          {(sources.data ?? []).map(({ id, name, environment }) => (
            <option key={id} value={id}>
              {name} ({environment.name})
            </option>
          ))}
        </Select>
      </Field>
      <Field label="From" htmlFor="filter-from">
        <Input
          id="filter-from"
          type="date"
          value={value('from')}
          max={value('to') || undefined}
          onChange={(event) => set('from', event.target.value)}
        />
      </Field>
      <Field label="To" htmlFor="filter-to">
        <Input
          id="filter-to"
          type="date"
          value={value('to')}
          min={value('from') || undefined}
          onChange={(event) => set('to', event.target.value)}
        />
      </Field>
      <TextFilter value={value('text')} onChange={(text) => set('text', text)} />
      {filterNames.some((name) => address.has(name)) ? (
        <ButtonLink href="/backups" look="quiet" className="justify-self-start">
          Clear filters
        </ButtonLink>
      ) : null}
    </search>
  )
}

/** Waits for a pause in the typing before it changes the address. */
function TextFilter({ value, onChange }: { value: string; onChange: (text: string) => void }) {
  const [text, setText] = useState(value)
  useEffect(() => setText(value), [value])
  // biome-ignore lint/correctness/useExhaustiveDependencies: only what is typed starts the pause
  useEffect(() => {
    if (text === value) return
    const timer = setTimeout(() => onChange(text), TYPING_PAUSE_MS)
    return () => clearTimeout(timer)
  }, [text])
  return (
    <Field label="Text" htmlFor="filter-text">
      <Input
        id="filter-text"
        type="search"
        placeholder="In descriptions"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
    </Field>
  )
}
