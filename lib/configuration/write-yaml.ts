import { Document, isMap, isScalar, visit } from 'yaml'

const HEAD = ' The configuration of System Backup Trigger, without secrets. “backup-trigger config apply” makes it so.'

/** The same value gives the same text. Words that older readers of YAML take for something else are quoted. */
export function writeYaml(value: object): string {
  const document = new Document(value, { compat: 'yaml-1.1', aliasDuplicateObjects: false })
  document.commentBefore = HEAD
  visit(document, {
    Map(_, node) {
      const [only, another] = node.items
      const isSecret = isMap(node) && another === undefined && isScalar(only?.key) && only.key.value === 'secret'
      if (isSecret) node.flow = true
    },
  })
  return document.toString({ lineWidth: 0, flowCollectionPadding: false })
}
