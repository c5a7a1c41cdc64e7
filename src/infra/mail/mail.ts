/** A message to one person. */
export interface Message {
  /** One address, as ASCII (RFC 5322 `addr-spec`). */
  to: string
  /** One line. */
  subject: string
  /** Plain text, lines parted by \n. */
  text: string
}

/** Where mail is handed over. */
export interface Mail {
  /**
   * Resolves when it has been taken over. Rejects with a Problem 503 when nobody took it, so that it may be tried
   * again: someone may then get it twice.
   */
  send(message: Message): Promise<void>
  close(): void
}
