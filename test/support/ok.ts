/** What came back, which must have been what the document says of success. */
export const ok = async <Data>(
  calling: Promise<{ data?: Data; error?: unknown; response: Response }>,
): Promise<Data> => {
  const { data, error, response } = await calling
  if (!response.ok) throw new Error(`${response.status}: ${JSON.stringify(error)}`)
  return data as Data
}
