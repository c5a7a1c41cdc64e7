/** Who is asking, as far as an access token proves it. */
export interface Viewer {
  user_id: string
  session_id: string
}
