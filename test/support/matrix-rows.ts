/** What nobody in particular gets, and what somebody else gets. */
type Statuses = readonly [nobody: number, other: number]

/** By what the operation is about: something hidden, something that everybody may see, or nothing of anybody's. */
export type Row = Partial<Record<'hidden' | 'shown' | 'nothing', Statuses>>

const open: Row = { nothing: [200, 200] }
const own: Row = { nothing: [401, 200] }
const making: Row = { nothing: [401, 201] }
/** A secret must be in the body: who has none gets nowhere, logged in or not. */
const secret: Row = { nothing: [401, 401] }
const reading: Row = { hidden: [404, 404], shown: [200, 200] }
const ofUser: Row = { shown: [200, 200] }
/** What only its owner may do, and what they alone know of. */
const changing: Row = { hidden: [401, 404], shown: [401, 403] }
const ownOnly: Row = { hidden: [401, 404] }
const reacting = (status: number): Row => ({ hidden: [401, 404], shown: [401, status] })

/** Every operation of the document, and the status that it owes to strangers. */
export const ROWS: Record<string, Row> = {
  'GET /': open,
  'GET /health': open,
  'GET /ready': open,
  'GET /openapi.json': open,

  'GET /auth/sessions': own,
  'POST /auth/register': { nothing: [202, 202] },
  'POST /auth/login': secret,
  'POST /auth/refresh': secret,
  'POST /auth/email/verify': secret,
  'POST /auth/password/forgot': { nothing: [202, 202] },
  'POST /auth/password/reset': secret,
  'POST /auth/logout': { nothing: [401, 204] },
  'DELETE /auth/sessions/{session_id}': ownOnly,
  'POST /auth/password': { nothing: [401, 204] },

  'GET /users/profile': own,
  'PATCH /users/profile': own,
  'GET /users/profile/likes': own,
  'GET /users/{user_id}': ofUser,
  'GET /users/{user_id}/posts': ofUser,
  'GET /users/{user_id}/followers': ofUser,
  'GET /users/{user_id}/following': ofUser,
  'PUT /users/{user_id}/follow': { shown: [401, 204] },
  'DELETE /users/{user_id}/follow': { shown: [401, 204] },

  'GET /feed': own,
  'GET /posts': open,
  'GET /posts/trending': open,
  'POST /posts': making,
  'GET /posts/{post_id}': reading,
  'PATCH /posts/{post_id}': changing,
  'DELETE /posts/{post_id}': changing,
  'POST /posts/{post_id}/views': { hidden: [404, 404], shown: [202, 202] },
  'PUT /posts/{post_id}/like': reacting(200),
  'DELETE /posts/{post_id}/like': reacting(204),
  'GET /posts/{post_id}/likes': reading,
  'PUT /posts/{post_id}/share': reacting(204),
  'DELETE /posts/{post_id}/share': reacting(204),
  'GET /posts/{post_id}/comments': reading,
  'POST /posts/{post_id}/comments': reacting(201),
  'PATCH /posts/{post_id}/comments/{comment_id}': changing,
  'DELETE /posts/{post_id}/comments/{comment_id}': changing,
  'PUT /posts/{post_id}/comments/{comment_id}/like': reacting(200),
  'DELETE /posts/{post_id}/comments/{comment_id}/like': reacting(204),

  'GET /files': own,
  'POST /files/upload': making,
  'GET /files/{file_id}': reading,
  'PATCH /files/{file_id}': changing,
  'DELETE /files/{file_id}': changing,
  'GET /files/{file_id}/content': reading,
  'GET /files/{file_id}/thumbnail': reading,
  'POST /files/{file_id}/url': reading,
  'POST /files/uploads': making,
  'GET /files/uploads/{upload_id}': ownOnly,
  'DELETE /files/uploads/{upload_id}': ownOnly,
  'POST /files/uploads/{upload_id}/parts': ownOnly,
  'PUT /files/uploads/{upload_id}/parts/{part_number}': ownOnly,
  'POST /files/uploads/{upload_id}/complete': ownOnly,
}
