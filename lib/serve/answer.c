/* What does every answer of ours look like? */

#include <stdlib.h>
#include <string.h>

#include "lib/serve/route.h"

#define LARGEST_ANSWER ((size_t)64 << 20)

/* Answers are made for one caller at one moment: nobody on the way may keep them or guess their
 * type. */
static void put_fields(struct srd_http_answer *answer)
{
    answer->fields[0] = (struct srd_http_field){ "Cache-Control", "no-store" };
    answer->fields[1] = (struct srd_http_field){ "X-Content-Type-Options", "nosniff" };
    if (answer->status == 401)
        answer->fields[2] =
            (struct srd_http_field){ "WWW-Authenticate", "Bearer realm=\"srdiag\"" };
}

static void answer_json(struct srd_http_request *request, int status, struct srd_json *json,
                        bool last)
{
    struct srd_http_answer answer = { .status = status,
                                      .close = last,
                                      .type = "application/json",
                                      .release = free };
    struct srd_buf body;

    srd_buf_init(&body, LARGEST_ANSWER);
    srd_json_print(json, false, &body);
    srd_json_free(&json);
    answer.body = answer.release_context = body.data;
    answer.size = body.size;
    put_fields(&answer);
    srd_http_answer(request, &answer);
}

void srd_answer_json(struct srd_http_request *request, int status, struct srd_json *json)
{
    answer_json(request, status, json, false);
}

void srd_answer_json_last(struct srd_http_request *request, int status, struct srd_json *json)
{
    answer_json(request, status, json, true);
}

void srd_answer_error(struct srd_http_request *request, int status, const char *error,
                      const char *message)
{
    struct srd_json *json = srd_json_object();

    srd_json_put(json, "error", srd_json_new_text(error));
    if (message)
        srd_json_put(json, "message", srd_json_new_text(message));
    srd_answer_json(request, status, json);
}
