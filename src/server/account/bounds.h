// Every maximum and every span of time of the account room.
#ifndef DGL_SERVER_ACCOUNT_BOUNDS_H
#define DGL_SERVER_ACCOUNT_BOUNDS_H

#include "base/clock.h"

#define DGL_KEY_CACHE_SETS 1024 // 4 keys each; a power of two
#define DGL_KEY_CACHE_WAYS 4
#define DGL_KEY_CACHE_LIFE_US (5 * DGL_US_PER_S)
#define DGL_KEY_TOUCH_US (60 * DGL_US_PER_S) // a key's last use is written at most this often

#define DGL_BUCKET_SETS 1024 // 8 buckets each; a power of two
#define DGL_BUCKET_WAYS 8

#define DGL_BACKOFF_SETS 256 // 8 names each; a power of two
#define DGL_BACKOFF_WAYS 8

#define DGL_SIGN_IN_PER_MINUTE 10       // per e-mail address and per client address
#define DGL_SIGN_IN_FREE_FAILURES 5     // then 1 s, 2 s, 4 s … must pass between two tries
#define DGL_SIGN_IN_EMAIL_WAIT_MAX_S 60 // short, so that nobody can lock another out for long
#define DGL_SIGN_IN_ADDRESS_WAIT_MAX_S 900
#define DGL_SIGN_IN_FORGET_US (15 * 60 * DGL_US_PER_S) // failures are forgotten after this long without one
#define DGL_SESSION_LIFE_US (INT64_C(7) * 86400 * DGL_US_PER_S)

#define DGL_INVITATION_LIFE_US (INT64_C(7) * 86400 * DGL_US_PER_S)

#define DGL_NAME_MAX 100 // characters: keys, users, organizations
#define DGL_EMAIL_MAX 254
#define DGL_TIME_ZONE_MAX 63 // bytes of a name; what a job for the workers holds
#define DGL_LOCALE_MAX 31
#define DGL_PASSWORD_MIN 10
#define DGL_PASSWORD_MAX 256
#define DGL_PASSWORD_GENERATED 20

#endif
