interface Expression {
  UpdateExpression: string
  ExpressionAttributeNames: Record<string, string>
  ExpressionAttributeValues?: Record<string, unknown>
}

/**
 * The update that sets some attributes and adds to others: `change({ name: 'Ann' }, { version: 1 })` becomes
 * `SET #0 = :0 ADD #1 :1`. Names are always written as placeholders, since DynamoDB reserves hundreds of words,
 * and the placeholders are numbers, since it takes no others for an attribute such as `first-name`. Whoever adds
 * a condition calls its own by words. An attribute that is undefined is left alone; one that is null is removed.
 */
export const change = (
  set: Record<string, unknown>,
  add: Record<string, number | undefined> = {},
): Expression => {
  const names: Record<string, string> = {}
  const values: Record<string, unknown> = {}
  const clauses: Record<'SET' | 'REMOVE' | 'ADD', string[]> = { SET: [], REMOVE: [], ADD: [] }
  let count = 0

  for (const [name, value] of Object.entries(set)) {
    if (value === undefined) continue
    names[`#${count}`] = name
    if (value === null) clauses.REMOVE.push(`#${count}`)
    else {
      values[`:${count}`] = value
      clauses.SET.push(`#${count} = :${count}`)
    }
    count++
  }
  for (const [name, value] of Object.entries(add)) {
    if (value === undefined || value === 0) continue
    names[`#${count}`] = name
    values[`:${count}`] = value
    clauses.ADD.push(`#${count} :${count}`)
    count++
  }

  return {
    UpdateExpression: Object.entries(clauses)
      .flatMap(([word, parts]) => (parts.length > 0 ? [`${word} ${parts.join(', ')}`] : []))
      .join(' '),
    ExpressionAttributeNames: names,
    // DynamoDB refuses an empty set of values.
    ...(Object.keys(values).length > 0 && { ExpressionAttributeValues: values }),
  }
}
