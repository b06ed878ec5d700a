'use client'

import { useRouter } from 'next/navigation'
import { useCreatePlan, usePlanDefaults } from '#app/_data/plans.ts'
import { ButtonLink } from '#app/_ui/button.tsx'
import { PageHead } from '#app/_ui/panel.tsx'
import { Answered } from '#app/_ui/waiting.tsx'
import { PlanForm } from '../plan-form.tsx'

export default function NewPlanPage() {
  const router = useRouter()
  const create = useCreatePlan()
  const defaults = usePlanDefaults()
  return (
    <>
      <title>New plan · System Backup Trigger</title>
      <PageHead title="New plan" intro="Which sources are backed up by themselves, and when." />
      <Answered answer={defaults} lines={8}>
        {(plan) => (
          <PlanForm
            plan={{ ...plan, schedule: plan.schedule ?? 'daily' }}
            saveWords="Make the plan"
            save={async (input) => {
              const answer = await create.mutateAsync(input)
              if (answer.__typename === 'CreatePlanSuccess') router.push(`/plans/${answer.plan.id}`)
              return answer
            }}
            aside={<ButtonLink href="/plans">Leave it</ButtonLink>}
          />
        )}
      </Answered>
    </>
  )
}
