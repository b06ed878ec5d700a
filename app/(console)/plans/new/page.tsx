'use client'

import { useRouter } from 'next/navigation'
import { useCreatePlan } from '#app/_data/plans.ts'
import { ButtonLink } from '#app/_ui/button.tsx'
import { PageHead } from '#app/_ui/panel.tsx'
import { PlanForm } from '../plan-form.tsx'

export default function NewPlanPage() {
  const router = useRouter()
  const create = useCreatePlan()
  return (
    <>
      <title>New plan · System Backup Trigger</title>
      <PageHead title="New plan" intro="Which sources are backed up by themselves, and when." />
      <PlanForm
        plan={null}
        saveWords="Make the plan"
        save={async (input) => {
          const answer = await create.mutateAsync(input)
          if (answer.__typename === 'CreatePlanSuccess') router.push(`/plans/${answer.plan.id}`)
          return answer
        }}
        aside={<ButtonLink href="/plans">Leave it</ButtonLink>}
      />
    </>
  )
}
