import { ChoiceField } from './choice-field.tsx'
import { type Draft, isChoice } from './draft.ts'
import { Fields, type FormContext } from './fields.tsx'
import { type FormNode, shapeOf } from './schema.ts'

interface Props {
  node: FormNode
  draft: Draft
  context: FormContext
  onChange: (draft: Draft) => void
}

/** A whole form: the fields of an object, or a choice between several such objects. */
export function RootFields({ node, draft, context, onChange }: Props) {
  if (shapeOf(node) === 'choice' && isChoice(draft))
    return (
      <ChoiceField
        node={node}
        name="What is saved"
        path=""
        required
        draft={draft}
        context={context}
        onChange={onChange}
      />
    )
  return <Fields node={node} draft={draft} path="" context={context} onChange={onChange} />
}
