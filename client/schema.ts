// Made from the OpenAPI document by `npm run client`; not edited by hand.

export interface paths {
    "/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What this is */
        get: operations["getRoot"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/email/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Confirm an address by the token of the link that was mailed; this makes the account */
        post: operations["postAuthEmailVerify"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Log in */
        post: operations["postAuthLogin"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** End this session */
        post: operations["postAuthLogout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Change the password and end every other session */
        post: operations["postAuthPassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/password/forgot": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Have a link to a new password mailed. The same reply whether or not there is an account */
        post: operations["postAuthPasswordForgot"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/password/reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Choose a new password by the token of the link that was mailed, and end every session */
        post: operations["postAuthPasswordReset"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** New tokens for a refresh token, which is spent by that */
        post: operations["postAuthRefresh"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/register": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sign up. 202 where the address has to be confirmed first, whether or not it is taken */
        post: operations["postAuthRegister"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The viewer's sessions, newest first */
        get: operations["getAuthSessions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/sessions/{session_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** End one of the sessions */
        delete: operations["deleteAuthSessionsSessionId"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/feed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Posts of those whom the viewer follows and the viewer's own, newest first */
        get: operations["getFeed"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/files": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The viewer's files, newest first */
        get: operations["getFiles"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/files/{file_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A file */
        get: operations["getFilesFileId"];
        put?: never;
        post?: never;
        /** Delete one of the own files */
        delete: operations["deleteFilesFileId"];
        options?: never;
        head?: never;
        /** Change one of the own files */
        patch: operations["patchFilesFileId"];
        trace?: never;
    };
    "/files/{file_id}/content": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A file's bytes, whole or in part */
        get: operations["getFilesFileIdContent"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/files/{file_id}/thumbnail": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A small picture of a picture */
        get: operations["getFilesFileIdThumbnail"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/files/{file_id}/url": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A URL at which the store itself serves the file for a while */
        post: operations["postFilesFileIdUrl"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/files/upload": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Upload a file in one go */
        post: operations["postFilesUpload"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/files/uploads": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Begin an upload in parts, which can be resumed */
        post: operations["postFilesUploads"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/files/uploads/{upload_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What has arrived of an upload */
        get: operations["getFilesUploadsUploadId"];
        put?: never;
        post?: never;
        /** Give an upload up */
        delete: operations["deleteFilesUploadsUploadId"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/files/uploads/{upload_id}/complete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Make the file of its parts */
        post: operations["postFilesUploadsUploadIdComplete"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/files/uploads/{upload_id}/parts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** URLs to which the client puts parts straight into the store */
        post: operations["postFilesUploadsUploadIdParts"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/files/uploads/{upload_id}/parts/{part_number}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** One part, through this service */
        put: operations["putFilesUploadsUploadIdPartsPartNumber"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the process answers; asks no backend */
        get: operations["getHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This API, described (OpenAPI 3.1) */
        get: operations["getOpenapiJson"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/posts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Public posts that carry all of the tags, newest first */
        get: operations["getPosts"];
        put?: never;
        /** Write a post */
        post: operations["postPosts"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/posts/{post_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A post */
        get: operations["getPostsPostId"];
        put?: never;
        post?: never;
        /** Delete one of the own posts */
        delete: operations["deletePostsPostId"];
        options?: never;
        head?: never;
        /** Change one of the own posts */
        patch: operations["patchPostsPostId"];
        trace?: never;
    };
    "/posts/{post_id}/comments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One level of the comments of a post */
        get: operations["getPostsPostIdComments"];
        put?: never;
        /** Comment on a post, or reply to a comment */
        post: operations["postPostsPostIdComments"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/posts/{post_id}/comments/{comment_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Delete one of the own comments */
        delete: operations["deletePostsPostIdCommentsCommentId"];
        options?: never;
        head?: never;
        /** Change one of the own comments */
        patch: operations["patchPostsPostIdCommentsCommentId"];
        trace?: never;
    };
    "/posts/{post_id}/comments/{comment_id}/like": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Like a comment */
        put: operations["putPostsPostIdCommentsCommentIdLike"];
        post?: never;
        /** Take the own like of a comment back */
        delete: operations["deletePostsPostIdCommentsCommentIdLike"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/posts/{post_id}/like": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** React to a post, or change the reaction */
        put: operations["putPostsPostIdLike"];
        post?: never;
        /** Take the own reaction back */
        delete: operations["deletePostsPostIdLike"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/posts/{post_id}/likes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who reacted to a post, newest first */
        get: operations["getPostsPostIdLikes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/posts/{post_id}/share": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Share a post */
        put: operations["putPostsPostIdShare"];
        post?: never;
        /** Take a share back */
        delete: operations["deletePostsPostIdShare"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/posts/{post_id}/views": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Count a view of a post, once an hour for each viewer */
        post: operations["postPostsPostIdViews"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/posts/trending": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What trends: public posts by their likes, comments, shares and views, recent ones counting more */
        get: operations["getPostsTrending"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether this instance should get requests */
        get: operations["getReady"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{user_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A user */
        get: operations["getUsersUserId"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{user_id}/follow": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Follow a user */
        put: operations["putUsersUserIdFollow"];
        post?: never;
        /** Follow a user no longer */
        delete: operations["deleteUsersUserIdFollow"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{user_id}/followers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who follows a user, newest first */
        get: operations["getUsersUserIdFollowers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{user_id}/following": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whom a user follows, newest first */
        get: operations["getUsersUserIdFollowing"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{user_id}/posts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A user's posts, newest first */
        get: operations["getUsersUserIdPosts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/profile": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The viewer's own profile */
        get: operations["getUsersProfile"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Change the viewer's own profile */
        patch: operations["patchUsersProfile"];
        trace?: never;
    };
    "/users/profile/likes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The posts that the viewer reacted to, the newest reaction first */
        get: operations["getUsersProfileLikes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * @example {
         *       "user_id": "019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60",
         *       "name": "Ann Example"
         *     }
         */
        Author: {
            name: string;
            /**
             * Format: uuid
             * @example 019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60
             */
            user_id: string;
        };
        /**
         * @example {
         *       "comment_id": "019ab0c3-1b22-7d10-9f3a-6c8e1a2b3c4d",
         *       "post_id": "019ab0c2-8f31-7a02-8c1e-5b7d2e9f4a10",
         *       "user_id": "019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60",
         *       "author": {
         *         "user_id": "019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60",
         *         "name": "Ann Example"
         *       },
         *       "content": "What a beach",
         *       "created_date": "2026-11-23T04:05:06.789Z",
         *       "updated_date": "2026-11-23T04:05:06.789Z",
         *       "likes_count": 2,
         *       "replies_count": 1,
         *       "parent_comment_id": null,
         *       "deleted": false
         *     }
         */
        Comment: {
            author: components["schemas"]["Author"];
            /**
             * Format: uuid
             * @example 019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60
             */
            comment_id: string;
            content: string;
            /**
             * Format: date-time
             * @example 2026-11-23T04:05:06.789Z
             */
            created_date: string;
            deleted: boolean;
            likes_count: number;
            parent_comment_id: string | null;
            /**
             * Format: uuid
             * @example 019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60
             */
            post_id: string;
            replies_count: number;
            /**
             * Format: date-time
             * @example 2026-11-23T04:05:06.789Z
             */
            updated_date: string;
            /**
             * Format: uuid
             * @example 019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60
             */
            user_id: string;
        };
        /**
         * @example {
         *       "content": "What a lovely beach"
         *     }
         */
        CommentChanges: {
            content: string;
        };
        /** @default {} */
        Completion: {
            parts?: {
                etag: string;
                part_number: number;
            }[];
        };
        EmailVerification: {
            /** @example Yk3v0S6r1X9wQe5tLhJ2uPzNcB8mGfA7dKqVxWoIyTs */
            token: string;
        };
        /**
         * @example {
         *       "file_id": "019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60",
         *       "user_id": "019ab0c2-6f10-7b02-8c11-94d2a7e05b3f",
         *       "file_name": "beach.jpg",
         *       "file_type": "image/jpeg",
         *       "file_size": 183204,
         *       "checksum_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
         *       "upload_date": "2026-11-23T04:05:06.789Z",
         *       "download_count": 12,
         *       "is_public": true,
         *       "tags": [
         *         "travel"
         *       ],
         *       "thumbnail": "ready",
         *       "metadata": {
         *         "original_name": "IMG_0042.jpg",
         *         "mime_type": "image/jpeg"
         *       }
         *     }
         */
        File: {
            checksum_sha256: string;
            download_count: number;
            /**
             * Format: uuid
             * @example 019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60
             */
            file_id: string;
            file_name: string;
            file_size: number;
            file_type: string;
            is_public: boolean;
            metadata: {
                mime_type: string;
                original_name: string;
            };
            tags: string[];
            /** @enum {string} */
            thumbnail: "ready" | "pending" | "none";
            /**
             * Format: date-time
             * @example 2026-11-23T04:05:06.789Z
             */
            upload_date: string;
            /**
             * Format: uuid
             * @example 019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60
             */
            user_id: string;
        };
        FileChanges: {
            /** @example beach.jpg */
            file_name?: string;
            is_public?: boolean;
            tags?: string[];
        };
        Like: {
            /**
             * Format: date-time
             * @example 2026-11-23T04:05:06.789Z
             */
            created_date: string;
            /** @enum {string} */
            like_type: "like" | "love" | "laugh" | "angry";
            user: components["schemas"]["Author"];
        };
        Login: {
            /** @example ann@example.com */
            email: string;
            /**
             * Format: password
             * @example correct horse battery staple
             */
            password: string;
        };
        /**
         * @example {
         *       "content": "What a beach"
         *     }
         */
        NewComment: {
            content: string;
            /**
             * Format: uuid
             * @example 019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60
             */
            parent_comment_id?: string;
        };
        /**
         * @example {
         *       "content": "Hello from the beach",
         *       "tags": [
         *         "travel"
         *       ],
         *       "image_url": "https://images.example.com/beach.jpg",
         *       "is_public": true
         *     }
         */
        NewPost: {
            content: string;
            /** @default [] */
            file_ids?: string[];
            /**
             * Format: uri
             * @example https://images.example.com/beach.jpg
             */
            image_url?: string;
            /** @default true */
            is_public?: boolean;
            tags?: string[];
        };
        /**
         * @default {}
         * @example {
         *       "like_type": "love"
         *     }
         */
        NewReaction: {
            /**
             * @default like
             * @enum {string}
             */
            like_type?: "like" | "love" | "laugh" | "angry";
        };
        /**
         * @example {
         *       "file_name": "beach.mp4",
         *       "file_type": "video/mp4",
         *       "file_size": 157286400,
         *       "tags": [
         *         "travel"
         *       ]
         *     }
         */
        NewUpload: {
            /** @example 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 */
            checksum_sha256?: string;
            /** @example beach.jpg */
            file_name: string;
            file_size: number;
            /** @example image/jpeg */
            file_type: string;
            /** @default false */
            is_public?: boolean;
            tags?: string[];
        };
        /**
         * @example {
         *       "part_numbers": [
         *         1,
         *         2
         *       ]
         *     }
         */
        PartsWanted: {
            part_numbers: number[];
        };
        PasswordChange: {
            /**
             * Format: password
             * @example correct horse battery staple
             */
            current_password: string;
            /**
             * Format: password
             * @description None of the 3,000 commonest, in upper or lower case; 8 characters besides the name of this service.
             * @example correct horse battery staple
             */
            new_password: string;
        };
        PasswordForgotten: {
            /**
             * Format: email
             * @example ann@example.com
             */
            email: string;
        };
        PasswordReset: {
            /**
             * Format: password
             * @description None of the 3,000 commonest, in upper or lower case; 8 characters besides the name of this service.
             * @example correct horse battery staple
             */
            password: string;
            /** @example Yk3v0S6r1X9wQe5tLhJ2uPzNcB8mGfA7dKqVxWoIyTs */
            token: string;
        };
        /**
         * @example {
         *       "post_id": "019ab0c2-8f31-7a02-8c1e-5b7d2e9f4a10",
         *       "user_id": "019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60",
         *       "author": {
         *         "user_id": "019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60",
         *         "name": "Ann Example"
         *       },
         *       "content": "Hello from the beach",
         *       "image_url": "https://images.example.com/beach.jpg",
         *       "file_ids": [],
         *       "tags": [
         *         "travel"
         *       ],
         *       "is_public": true,
         *       "created_date": "2026-11-23T04:05:06.789Z",
         *       "updated_date": "2026-11-23T04:05:06.789Z",
         *       "likes_count": 3,
         *       "reactions": {
         *         "like": 1,
         *         "love": 2,
         *         "laugh": 0,
         *         "angry": 0
         *       },
         *       "comments_count": 1,
         *       "shares_count": 0,
         *       "views_count": 12,
         *       "viewer": {
         *         "like_type": "love",
         *         "shared": false
         *       }
         *     }
         */
        Post: {
            author: components["schemas"]["Author"];
            comments_count: number;
            content: string;
            /**
             * Format: date-time
             * @example 2026-11-23T04:05:06.789Z
             */
            created_date: string;
            file_ids: string[];
            image_url: string | null;
            is_public: boolean;
            likes_count: number;
            /**
             * Format: uuid
             * @example 019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60
             */
            post_id: string;
            reactions: {
                angry: number;
                laugh: number;
                like: number;
                love: number;
            };
            shares_count: number;
            tags: string[];
            /**
             * Format: date-time
             * @example 2026-11-23T04:05:06.789Z
             */
            updated_date: string;
            /**
             * Format: uuid
             * @example 019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60
             */
            user_id: string;
            viewer?: {
                like_type: ("like" | "love" | "laugh" | "angry") | null;
                shared: boolean;
            };
            views_count: number;
        };
        /**
         * @example {
         *       "content": "Hello from the mountains",
         *       "tags": [
         *         "travel",
         *         "alps"
         *       ]
         *     }
         */
        PostChanges: {
            content?: string;
            is_public?: boolean;
            tags?: string[];
        };
        /**
         * @example {
         *       "type": "urn:plaza:problem:not_found",
         *       "title": "Not Found",
         *       "status": 404,
         *       "detail": "There is no such post.",
         *       "code": "not_found",
         *       "request_id": "0f8fad5b-d9cb-469f-a165-70867728950e",
         *       "error": "Not found"
         *     }
         */
        Problem: {
            code: string;
            detail: string;
            error: string;
            errors?: {
                message: string;
                pointer: string;
            }[];
            request_id: string;
            status: number;
            title: string;
            type: string;
        };
        ProfileChanges: {
            /** @example Ann Example */
            name?: string;
            /**
             * @example {
             *       "city": "Lisbon",
             *       "pronouns": "she/her"
             *     }
             */
            profile_info?: {
                [key: string]: string;
            };
        };
        /**
         * @example {
         *       "like_type": "love",
         *       "likes_count": 3,
         *       "reactions": {
         *         "like": 1,
         *         "love": 2,
         *         "laugh": 0,
         *         "angry": 0
         *       }
         *     }
         */
        ReactionCounts: {
            /** @enum {string} */
            like_type: "like" | "love" | "laugh" | "angry";
            likes_count: number;
            reactions: {
                angry: number;
                laugh: number;
                like: number;
                love: number;
            };
        };
        Refresh: {
            /** @example 8sKq0mEJ0Yb3w1q9… */
            refresh_token: string;
        };
        Registration: {
            /**
             * Format: email
             * @example ann@example.com
             */
            email: string;
            /** @example Ann Example */
            name: string;
            /**
             * Format: password
             * @description None of the 3,000 commonest, in upper or lower case; 8 characters besides the name of this service.
             * @example correct horse battery staple
             */
            password: string;
        };
        /**
         * @example {
         *       "user_id": "019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60",
         *       "name": "Ann Example",
         *       "profile_info": {
         *         "city": "Lisbon"
         *       },
         *       "created_date": "2026-11-23T04:05:06.789Z",
         *       "followers_count": 3,
         *       "following_count": 5,
         *       "posts_count": 8,
         *       "email": "ann@example.com"
         *     }
         */
        SelfUser: {
            /**
             * Format: date-time
             * @example 2026-11-23T04:05:06.789Z
             */
            created_date: string;
            email: string;
            followers_count: number;
            following_count: number;
            name: string;
            posts_count: number;
            profile_info: {
                [key: string]: string;
            };
            /**
             * Format: uuid
             * @example 019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60
             */
            user_id: string;
        };
        Session: {
            /**
             * Format: date-time
             * @example 2026-11-23T04:05:06.789Z
             */
            created_date: string;
            /**
             * @description Whether it is the one that asks.
             * @example true
             */
            current: boolean;
            /**
             * Format: date-time
             * @example 2026-11-23T04:05:06.789Z
             */
            last_used_date: string;
            /**
             * Format: uuid
             * @example 019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60
             */
            session_id: string;
            /** @example Mozilla/5.0 */
            user_agent: string | null;
        };
        Upload: {
            /**
             * Format: date-time
             * @example 2026-11-23T04:05:06.789Z
             */
            expires_at: string;
            /**
             * Format: uuid
             * @example 019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60
             */
            file_id: string;
            part_size: number;
            parts_count: number;
            /** @enum {string} */
            status: "initiated" | "completed";
            /**
             * Format: uuid
             * @example 019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60
             */
            upload_id: string;
        };
        /** @default {} */
        UrlOptions: {
            /** @default 3600 */
            expires_in?: number;
        };
        /**
         * @example {
         *       "user_id": "019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60",
         *       "name": "Ann Example",
         *       "profile_info": {
         *         "city": "Lisbon"
         *       },
         *       "created_date": "2026-11-23T04:05:06.789Z",
         *       "followers_count": 3,
         *       "following_count": 5,
         *       "posts_count": 8,
         *       "viewer": {
         *         "following": true,
         *         "followed_by": false
         *       }
         *     }
         */
        User: {
            /**
             * Format: date-time
             * @example 2026-11-23T04:05:06.789Z
             */
            created_date: string;
            email?: string;
            followers_count: number;
            following_count: number;
            name: string;
            posts_count: number;
            profile_info: {
                [key: string]: string;
            };
            /**
             * Format: uuid
             * @example 019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60
             */
            user_id: string;
            viewer?: {
                followed_by: boolean;
                following: boolean;
            };
        };
    };
    responses: {
        /** @description The request cannot be parsed, or its cursor is not from this list. */
        Problem400: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description No valid access token, or wrong credentials. */
        Problem401: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The viewer can see it and may not change it. */
        Problem403: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description It does not exist, or the viewer may not see it. */
        Problem404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The path has no such method. */
        Problem405: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The body took too long to arrive. */
        Problem408: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description It conflicts with what is there, or with the same request, which is not answered yet. */
        Problem409: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The length of the body must be stated. */
        Problem411: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The body is too large. */
        Problem413: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The body is not of a type that is taken. */
        Problem415: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The range begins past the end. */
        Problem416: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description It can be parsed and is wrong. */
        Problem422: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Too often; try again after Retry-After seconds. */
        Problem429: {
            headers: {
                /** @description Of the limit of which the least is left: how much there is in one window. */
                "RateLimit-Limit"?: number;
                /** @description How much of it is left. */
                "RateLimit-Remaining"?: number;
                /** @description Seconds until all of it is there again. */
                "RateLimit-Reset"?: number;
                /** @description Seconds. */
                "Retry-After"?: number;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description A fault on our side; the log has it under the same request id. */
        Problem500: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description A limit is reached or a backend is away; try again after Retry-After seconds. */
        Problem503: {
            headers: {
                /** @description Seconds. */
                "Retry-After"?: number;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description There is not enough room left. */
        Problem507: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    getRoot: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        docs: string;
                        name: string;
                        version: string;
                    };
                };
            };
            400: components["responses"]["Problem400"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    postAuthEmailVerify: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EmailVerification"];
            };
        };
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            408: components["responses"]["Problem408"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    postAuthLogin: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Login"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /**
                         * @description Seconds.
                         * @example 900
                         */
                        expires_in: number;
                        /** @example Zr2h7bq5mK1xVd0c… */
                        refresh_token: string;
                        /** @example eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9… */
                        token: string;
                        user: components["schemas"]["SelfUser"];
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            408: components["responses"]["Problem408"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    postAuthLogout: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    postAuthPassword: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordChange"];
            };
        };
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            404: components["responses"]["Problem404"];
            408: components["responses"]["Problem408"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    postAuthPasswordForgot: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordForgotten"];
            };
        };
        responses: {
            /** @description Done. */
            202: {
                headers: {
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @example Look into your mailbox: there is a link in it soon */
                        message: string;
                    };
                };
            };
            400: components["responses"]["Problem400"];
            408: components["responses"]["Problem408"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    postAuthPasswordReset: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordReset"];
            };
        };
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            408: components["responses"]["Problem408"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    postAuthRefresh: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Refresh"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /**
                         * @description Seconds.
                         * @example 900
                         */
                        expires_in: number;
                        /** @example Zr2h7bq5mK1xVd0c… */
                        refresh_token: string;
                        /** @example eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9… */
                        token: string;
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            408: components["responses"]["Problem408"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    postAuthRegister: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Registration"];
            };
        };
        responses: {
            /** @description Done. */
            201: {
                headers: {
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @example User registered successfully */
                        message: string;
                        user: components["schemas"]["SelfUser"];
                    };
                };
            };
            /** @description Not done yet. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @example Look into your mailbox: there is a link in it soon */
                        message: string;
                    };
                };
            };
            400: components["responses"]["Problem400"];
            408: components["responses"]["Problem408"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    getAuthSessions: {
        parameters: {
            query?: {
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @example null */
                        next_cursor: string | null;
                        sessions: components["schemas"]["Session"][];
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    deleteAuthSessionsSessionId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    getFeed: {
        parameters: {
            query?: {
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @example null */
                        next_cursor: string | null;
                        posts: components["schemas"]["Post"][];
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    getFiles: {
        parameters: {
            query?: {
                cursor?: string;
                limit?: number;
                tag?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        files: components["schemas"]["File"][];
                        /** @example null */
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    getFilesFileId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                file_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    ETag?: string;
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        file: components["schemas"]["File"];
                    };
                };
            };
            /** @description The copy that the client has is still good. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    deleteFilesFileId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                file_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    patchFilesFileId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                file_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["FileChanges"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        file: components["schemas"]["File"];
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            408: components["responses"]["Problem408"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    getFilesFileIdContent: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                file_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": unknown;
                };
            };
            /** @description The part that was asked for. */
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": unknown;
                };
            };
            /** @description The copy that the client has is still good. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            404: components["responses"]["Problem404"];
            416: components["responses"]["Problem416"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    getFilesFileIdThumbnail: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                file_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "image/jpeg": unknown;
                };
            };
            /** @description Not done yet. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "pending";
                    };
                };
            };
            /** @description The part that was asked for. */
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "image/jpeg": unknown;
                };
            };
            /** @description The copy that the client has is still good. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            404: components["responses"]["Problem404"];
            416: components["responses"]["Problem416"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    postFilesFileIdUrl: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                file_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["UrlOptions"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /**
                         * Format: date-time
                         * @example 2026-11-23T04:05:06.789Z
                         */
                        expires_at: string;
                        /** @constant */
                        method: "GET";
                        url: string;
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            404: components["responses"]["Problem404"];
            408: components["responses"]["Problem408"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    postFilesUpload: {
        parameters: {
            query?: never;
            header?: {
                "Content-Digest"?: string;
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** Format: base64 */
                    fileContent: string;
                    fileName: string;
                    /** @default  */
                    fileType?: string;
                };
                "multipart/form-data": {
                    /** Format: binary */
                    file: Blob;
                    /** @default false */
                    is_public?: boolean;
                    /** @example [] */
                    tags?: string[];
                };
            };
        };
        responses: {
            /** @description Done. */
            201: {
                headers: {
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        file: components["schemas"]["File"];
                        fileId?: string;
                        fileKey?: string;
                        message: string;
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            408: components["responses"]["Problem408"];
            409: components["responses"]["Problem409"];
            411: components["responses"]["Problem411"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            507: components["responses"]["Problem507"];
        };
    };
    postFilesUploads: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewUpload"];
            };
        };
        responses: {
            /** @description Done. */
            201: {
                headers: {
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /**
                         * Format: date-time
                         * @example 2026-11-23T04:05:06.789Z
                         */
                        expires_at: string;
                        /**
                         * Format: uuid
                         * @example 019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60
                         */
                        file_id: string;
                        part_size: number;
                        parts_count: number;
                        /** @constant */
                        status: "initiated";
                        /**
                         * Format: uuid
                         * @example 019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60
                         */
                        upload_id: string;
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            408: components["responses"]["Problem408"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
            507: components["responses"]["Problem507"];
        };
    };
    getFilesUploadsUploadId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                upload_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        parts: {
                            etag: string;
                            part_number: number;
                            size: number;
                        }[];
                        upload: components["schemas"]["Upload"];
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    deleteFilesUploadsUploadId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                upload_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    postFilesUploadsUploadIdComplete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                upload_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Completion"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        file: components["schemas"]["File"];
                        /** @constant */
                        status: "completed";
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            404: components["responses"]["Problem404"];
            408: components["responses"]["Problem408"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    postFilesUploadsUploadIdParts: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                upload_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PartsWanted"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        parts: {
                            /**
                             * Format: date-time
                             * @example 2026-11-23T04:05:06.789Z
                             */
                            expires_at: string;
                            headers: {
                                [key: string]: string;
                            };
                            /** @constant */
                            method: "PUT";
                            part_number: number;
                            url: string;
                        }[];
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            404: components["responses"]["Problem404"];
            408: components["responses"]["Problem408"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    putFilesUploadsUploadIdPartsPartNumber: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                part_number: string;
                upload_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": Blob;
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        etag: string;
                        part_number: number;
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            404: components["responses"]["Problem404"];
            408: components["responses"]["Problem408"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    getHealth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "ok";
                        uptime_s: number;
                        version: string;
                    };
                };
            };
            400: components["responses"]["Problem400"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    getOpenapiJson: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    ETag?: string;
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        openapi: "3.1.0";
                    } & {
                        [key: string]: unknown;
                    };
                };
            };
            /** @description The copy that the client has is still good. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    getPosts: {
        parameters: {
            query: {
                cursor?: string;
                limit?: number;
                tag: string[];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @example null */
                        next_cursor: string | null;
                        posts: components["schemas"]["Post"][];
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    postPosts: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewPost"];
            };
        };
        responses: {
            /** @description Done. */
            201: {
                headers: {
                    Location?: string;
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        post: components["schemas"]["Post"];
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            408: components["responses"]["Problem408"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    getPostsPostId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                post_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    ETag?: string;
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        post: components["schemas"]["Post"];
                    };
                };
            };
            /** @description The copy that the client has is still good. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    deletePostsPostId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                post_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    patchPostsPostId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                post_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PostChanges"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        post: components["schemas"]["Post"];
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            408: components["responses"]["Problem408"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    getPostsPostIdComments: {
        parameters: {
            query?: {
                cursor?: string;
                limit?: number;
                order?: "asc" | "desc";
                parent_comment_id?: string;
            };
            header?: never;
            path: {
                post_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        comments: components["schemas"]["Comment"][];
                        /** @example null */
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            404: components["responses"]["Problem404"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    postPostsPostIdComments: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                post_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewComment"];
            };
        };
        responses: {
            /** @description Done. */
            201: {
                headers: {
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        comment: components["schemas"]["Comment"];
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            404: components["responses"]["Problem404"];
            408: components["responses"]["Problem408"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    deletePostsPostIdCommentsCommentId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                comment_id: string;
                post_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    patchPostsPostIdCommentsCommentId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                comment_id: string;
                post_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CommentChanges"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        comment: components["schemas"]["Comment"];
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            408: components["responses"]["Problem408"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    putPostsPostIdCommentsCommentIdLike: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                comment_id: string;
                post_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        likes_count: number;
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    deletePostsPostIdCommentsCommentIdLike: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                comment_id: string;
                post_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    putPostsPostIdLike: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                post_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["NewReaction"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReactionCounts"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            404: components["responses"]["Problem404"];
            408: components["responses"]["Problem408"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    deletePostsPostIdLike: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                post_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    getPostsPostIdLikes: {
        parameters: {
            query?: {
                cursor?: string;
                like_type?: "like" | "love" | "laugh" | "angry";
                limit?: number;
            };
            header?: never;
            path: {
                post_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        likes: components["schemas"]["Like"][];
                        /** @example null */
                        next_cursor: string | null;
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            404: components["responses"]["Problem404"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    putPostsPostIdShare: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                post_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    deletePostsPostIdShare: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                post_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    postPostsPostIdViews: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                post_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            202: {
                headers: {
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        views_count: number;
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    getPostsTrending: {
        parameters: {
            query?: {
                limit?: number;
                timeframe_hours?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        posts: components["schemas"]["Post"][];
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    getReady: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /**
                         * @example {
                         *       "dynamodb": {
                         *         "status": "ok",
                         *         "latency_ms": 2.1
                         *       },
                         *       "storage": {
                         *         "status": "off",
                         *         "latency_ms": null
                         *       },
                         *       "redis": {
                         *         "status": "ok",
                         *         "latency_ms": 0.4
                         *       }
                         *     }
                         */
                        checks: {
                            dynamodb: {
                                latency_ms: number | null;
                                /** @enum {string} */
                                status: "ok" | "degraded" | "down" | "off";
                            };
                            redis: {
                                latency_ms: number | null;
                                /** @enum {string} */
                                status: "ok" | "degraded" | "down" | "off";
                            };
                            storage: {
                                latency_ms: number | null;
                                /** @enum {string} */
                                status: "ok" | "degraded" | "down" | "off";
                            };
                        };
                        /** @constant */
                        status: "ready";
                    };
                };
            };
            400: components["responses"]["Problem400"];
            500: components["responses"]["Problem500"];
            /** @description Not in order. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /**
                         * @example {
                         *       "dynamodb": {
                         *         "status": "ok",
                         *         "latency_ms": 2.1
                         *       },
                         *       "storage": {
                         *         "status": "off",
                         *         "latency_ms": null
                         *       },
                         *       "redis": {
                         *         "status": "ok",
                         *         "latency_ms": 0.4
                         *       }
                         *     }
                         */
                        checks: {
                            dynamodb: {
                                latency_ms: number | null;
                                /** @enum {string} */
                                status: "ok" | "degraded" | "down" | "off";
                            };
                            redis: {
                                latency_ms: number | null;
                                /** @enum {string} */
                                status: "ok" | "degraded" | "down" | "off";
                            };
                            storage: {
                                latency_ms: number | null;
                                /** @enum {string} */
                                status: "ok" | "degraded" | "down" | "off";
                            };
                        };
                        /**
                         * @example draining
                         * @enum {string}
                         */
                        status: "draining" | "unavailable";
                    };
                };
            };
        };
    };
    getUsersUserId: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    ETag?: string;
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        user: components["schemas"]["User"];
                    };
                };
            };
            /** @description The copy that the client has is still good. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    putUsersUserIdFollow: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            404: components["responses"]["Problem404"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    deleteUsersUserIdFollow: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    getUsersUserIdFollowers: {
        parameters: {
            query?: {
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path: {
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @example null */
                        next_cursor: string | null;
                        users: components["schemas"]["User"][];
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            404: components["responses"]["Problem404"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    getUsersUserIdFollowing: {
        parameters: {
            query?: {
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path: {
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @example null */
                        next_cursor: string | null;
                        users: components["schemas"]["User"][];
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            404: components["responses"]["Problem404"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    getUsersUserIdPosts: {
        parameters: {
            query?: {
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path: {
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @example null */
                        next_cursor: string | null;
                        posts: components["schemas"]["Post"][];
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            404: components["responses"]["Problem404"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    getUsersProfile: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    ETag?: string;
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        user: components["schemas"]["SelfUser"];
                    };
                };
            };
            /** @description The copy that the client has is still good. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            404: components["responses"]["Problem404"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    patchUsersProfile: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProfileChanges"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        user: components["schemas"]["SelfUser"];
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            404: components["responses"]["Problem404"];
            408: components["responses"]["Problem408"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    getUsersProfileLikes: {
        parameters: {
            query?: {
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    /** @description Of the limit of which the least is left: how much there is in one window. */
                    "RateLimit-Limit"?: number;
                    /** @description How much of it is left. */
                    "RateLimit-Remaining"?: number;
                    /** @description Seconds until all of it is there again. */
                    "RateLimit-Reset"?: number;
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @example null */
                        next_cursor: string | null;
                        posts: components["schemas"]["Post"][];
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
}
