/* What does the fixture have? */

#include "tests/mcp_fixture/fixture.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/wait.h"

#define WAV "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAAAAA=="

void fixture_say(struct srd_mcp_result *out, const char *members)
{
    srd_mcp_result_members(out, members, strlen(members), false);
}

void fixture_sleep(const struct srd_mcp_call *call, int64_t ms)
{
    int64_t until = srd_clock_monotonic_ms() + ms, left;

    while ((left = until - srd_clock_monotonic_ms()) > 0 && !srd_flag_up(call->cancel)) {
        struct timespec nap = { .tv_nsec = (left < 5 ? left : 5) * 1000000 };

        nanosleep(&nap, NULL);
    }
}

/* ---- contents: tools whose answer is data ---- */

static void say_data(struct srd_mcp_call *call, struct srd_mcp_result *out)
{
    fixture_say(out, call->tool->data);
}

static void say_fault(struct srd_mcp_call *call, struct srd_mcp_result *out)
{
    (void)call;
    srd_mcp_result_fault(out, "This tool intentionally returns an error for testing");
}

#define TEXT(text) "{\"type\":\"text\",\"text\":\"" text "\"}"
#define IMAGE "{\"type\":\"image\",\"mimeType\":\"image/png\",\"data\":\"" PNG "\"}"
static const char simple_text[] =
    "\"content\":[" TEXT("This is a simple text response for testing.") "]";
static const char image[] = "\"content\":[" IMAGE "]";
static const char audio[] =
    "\"content\":[{\"type\":\"audio\",\"mimeType\":\"audio/wav\",\"data\":\"" WAV "\"}]";
static const char embedded[] =
    "\"content\":[{\"type\":\"resource\",\"resource\":{\"uri\":\"test://embedded-resource\","
    "\"mimeType\":\"text/plain\",\"text\":\"This is an embedded resource content.\"}}]";
static const char mixed[] =
    "\"content\":[" TEXT("Multiple content types test:") "," IMAGE
    ",{\"type\":\"resource\",\"resource\":{\"uri\":\"test://mixed-content-resource\","
    "\"mimeType\":\"application/json\",\"text\":\"{\\\"test\\\":\\\"data\\\",\\\"value\\\":123}\"}}]";

/* ---- tools that talk while they work ---- */

static void say_progress(struct srd_mcp_call *call, struct srd_mcp_result *out)
{
    for (int done = 0; done <= 100; done += 50) {
        srd_mcp_progress(call, done, 100, "half by half");
        fixture_sleep(call, 50);
    }
    srd_mcp_result_text(out, "Progress was told.");
}

static void say_log(struct srd_mcp_call *call, struct srd_mcp_result *out)
{
    static const char *const lines[] = { "Tool execution started", "Tool processing data",
                                         "Tool execution completed" };
    char params[128];

    for (size_t i = 0; i < SRD_COUNT(lines); i++) {
        snprintf(params, sizeof(params), "{\"level\":\"info\",\"data\":\"%s\"}", lines[i]);
        srd_mcp_notify(call, "notifications/message", params);
        fixture_sleep(call, 50);
    }
    srd_mcp_result_text(out, "Logged.");
}

/* ---- tools for the transports ---- */

enum { MS };
static const struct srd_mcp_arg slow_args[] = {
    { "ms", SRD_MCP_INTEGER, .fallback = "200", .min = 0, .max = 60000, .help = "How long." },
    { 0 },
};

/* Ends early when it is cancelled, and says so on stderr. */
static void run_slow(struct srd_mcp_call *call, struct srd_mcp_result *out)
{
    fixture_sleep(call, call->args[MS].number);
    if (srd_flag_up(call->cancel))
        fprintf(stderr, "cancelled %s\n", call->id ? call->id : "-");
    srd_mcp_result_text(out, srd_flag_up(call->cancel) ? "cancelled" : "slept");
}

/* Does not look at *cancel. */
static void run_deaf(struct srd_mcp_call *call, struct srd_mcp_result *out)
{
    int64_t ms = call->args[MS].number;
    struct timespec nap = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

    nanosleep(&nap, NULL);
    srd_mcp_result_text(out, "slept");
}

static const struct srd_mcp_arg big_args[] = {
    { "kib", SRD_MCP_INTEGER, .fallback = "1", .min = 1, .max = 2048, .help = "How much." },
    { 0 },
};
static void say_much(struct srd_mcp_call *call, struct srd_mcp_result *out)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf text;

    srd_buf_init(&text, SIZE_MAX);
    for (int64_t i = 0; i < call->args[0].number * 64; i++)
        srd_buf_printf(&text, "%015d\n", (int)i);
    srd_mcp_result_text(out, text.data);
}

/* A library that prints, as some do. */
static void make_noise(struct srd_mcp_call *call, struct srd_mcp_result *out)
{
    (void)call;
    printf("noise on stdout\n");
    fflush(stdout);
    srd_mcp_result_text(out, "quiet");
}

static bool say_at_once(struct srd_mcp_call *call, struct srd_mcp_result *out)
{
    (void)call;
    fixture_say(out, simple_text);
    return true;
}

static void say_echo(struct srd_mcp_call *call, struct srd_mcp_result *out)
{
    struct srd_json *object = srd_json_object();

    srd_json_put(object, "text", srd_json_new_text(call->args[0].text));
    srd_mcp_result_object(out, object);
}

/* ---- the table ---- */

static const struct srd_mcp_arg prompt_args[] = {
    { "prompt", SRD_MCP_TEXT, .required = true, .help = "What to say to the model." }, { 0 },
};
static const struct srd_mcp_arg message_args[] = {
    { "message", SRD_MCP_TEXT, .required = true, .help = "What to ask the user." }, { 0 },
};
static const struct srd_mcp_arg echo_args[] = {
    { "text", SRD_MCP_TEXT, .required = true, .help = "Comes back." }, { 0 },
};
static const char schema_2020[] =
    "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"type\":\"object\",\"$defs\":{"
    "\"address\":{\"$anchor\":\"addressDef\",\"type\":\"object\",\"properties\":{\"street\":{"
    "\"type\":\"string\"},\"city\":{\"type\":\"string\"}}}},\"properties\":{\"name\":{\"type\":"
    "\"string\"},\"address\":{\"$ref\":\"#/$defs/address\"},\"contactMethod\":{\"type\":\"string\","
    "\"enum\":[\"phone\",\"email\"]},\"phone\":{\"type\":\"string\"},\"email\":{\"type\":"
    "\"string\"}},\"allOf\":[{\"anyOf\":[{\"required\":[\"phone\"]},{\"required\":[\"email\"]}]}],"
    "\"if\":{\"properties\":{\"contactMethod\":{\"const\":\"phone\"}},\"required\":["
    "\"contactMethod\"]},\"then\":{\"required\":[\"phone\"]},\"else\":{\"required\":[\"email\"]},"
    "\"additionalProperties\":false}";
#define TOOL(tool_name, words, runs, ...)                                                          \
    { .name = tool_name, .title = words, .description = words ".", .run = runs, __VA_ARGS__ }

static const struct srd_mcp_tool tools[] = {
    TOOL("test_simple_text", "One text", say_data, .data = simple_text),
    TOOL("test_image_content", "One image", say_data, .data = image),
    TOOL("test_audio_content", "One sound", say_data, .data = audio),
    TOOL("test_embedded_resource", "One resource", say_data, .data = embedded),
    TOOL("test_multiple_content_types", "One of each", say_data, .data = mixed),
    TOOL("test_error_handling", "Always fails", say_fault, 0),
    TOOL("test_tool_with_progress", "Tells its progress", say_progress, 0),
    TOOL("test_tool_with_logging", "Logs", say_log, .talks = true),
    TOOL("test_sampling", "Asks the model", ask_sampling, .args = prompt_args, .talks = true),
    TOOL("test_elicitation", "Asks the user", ask_elicitation, .args = message_args, .talks = true),
    TOOL("test_elicitation_sep1034_defaults", "Asks with defaults", ask_defaults, .talks = true),
    TOOL("test_elicitation_sep1330_enums", "Asks with choices", ask_enums, .talks = true),
    TOOL("json_schema_2020_12_tool", "Has a rich schema", say_data, .data = simple_text,
         .input_schema = schema_2020),
    TOOL("test_missing_capability", "Needs sampling", need_sampling, 0),
    TOOL("test_streaming_elicitation", "Asks nobody", say_data, .data = simple_text),
    TOOL("test_logging_tool", "Logs nothing", say_data, .data = simple_text),
    TOOL("test_trigger_tool_change", "Changes the tools", change_tools, 0),
    TOOL("test_trigger_prompt_change", "Changes the prompts", change_prompts, 0),
    TOOL("test_input_required_result_elicitation", "Asks the user, in rounds", round_elicitation, 0),
    TOOL("test_input_required_result_sampling", "Asks the model, in rounds", round_sampling, 0),
    TOOL("test_input_required_result_list_roots", "Asks for roots, in rounds", round_roots, 0),
    TOOL("test_input_required_result_request_state", "Keeps a state", round_state, 0),
    TOOL("test_input_required_result_multiple_inputs", "Asks for much", round_many, 0),
    TOOL("test_input_required_result_multi_round", "Asks twice", round_steps, 0),
    TOOL("test_input_required_result_tampered_state", "Keeps a signed state", round_state, 0),
    TOOL("test_input_required_result_capabilities", "Asks who can answer", round_capabilities, 0),
    TOOL("slow", "Takes its time", run_slow, .args = slow_args),
    TOOL("deaf", "Takes its time, come what may", run_deaf, .args = slow_args),
    TOOL("big", "Says much", say_much, .args = big_args),
    TOOL("noise", "Prints", make_noise, 0),
    TOOL("kept", "Is there at once", NULL, .quick = say_at_once),
    TOOL("echo", "Says what it heard", say_echo, .args = echo_args,
         .output_schema = "{\"type\":\"object\",\"properties\":{\"text\":{\"type\":\"string\"}},"
                          "\"required\":[\"text\"]}"),
    { 0 },
};

/* ---- resources ---- */

static int read_data(struct srd_mcp_call *call, const char *uri, const char *value,
                     struct srd_buf *out, struct srd_error *err)
{
    (void)call, (void)err;
    if (value)
        srd_buf_printf(out,
                       "{\"id\":\"%s\",\"templateTest\":true,\"data\":\"Data for ID: %s\"}",
                       value, value);
    else if (strstr(uri, "binary"))
        srd_buf_text(out, PNG);
    else if (strstr(uri, "watched"))
        srd_buf_text(out, "Watched.");
    else
        srd_buf_text(out, "This is the content of the static text resource.");
    return 0;
}

static const struct srd_mcp_resource resources[] = {
    { "test://static-text", "static-text", "Text", "A text.", "text/plain", .read = read_data,
      .is_static = true },
    { "test://static-binary", "static-binary", "Image", "An image.", "image/png",
      .read = read_data, .is_base64 = true },
    { "test://watched-resource", "watched-resource", "Watched", "Can be subscribed to.",
      "text/plain", .read = read_data },
    { "test://template/{id}/data", "template", "Template", "One for each id.", "application/json",
      .is_template = true, .read = read_data },
    { 0 },
};

/* ---- prompts ---- */

static void fill_simple(const struct srd_mcp_prompt *prompt, const struct srd_mcp_value *values,
                        struct srd_buf *out)
{
    (void)prompt;
    (void)values;
    srd_buf_text(out, "This is a simple prompt for testing.");
}

static void fill_arguments(const struct srd_mcp_prompt *prompt, const struct srd_mcp_value *values,
                           struct srd_buf *out)
{
    (void)prompt;
    srd_buf_printf(out, "Prompt with arguments: arg1='%s', arg2='%s'", values[0].text,
                   values[1].text);
}

#define USER(content) "{\"role\":\"user\",\"content\":" content "}"

static void say_resource(struct srd_mcp_call *call, struct srd_mcp_result *out)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf text;

    srd_buf_init(&text, SIZE_MAX);
    srd_buf_text(&text, "\"messages\":[{\"role\":\"user\",\"content\":{\"type\":\"resource\","
                        "\"resource\":{\"mimeType\":\"text/plain\",\"text\":\"Embedded resource "
                        "content for testing.\",\"uri\":");
    srd_json_quote(&text, call->args[0].text, strlen(call->args[0].text));
    srd_buf_text(&text, "}}}," USER(TEXT("Please process the embedded resource above.")) "]");
    fixture_say(out, text.data);
}

static void say_image(struct srd_mcp_call *call, struct srd_mcp_result *out)
{
    (void)call;
    fixture_say(out, "\"messages\":[" USER(IMAGE) "," USER(
                         TEXT("Please analyze the image above.")) "]");
}

static const struct srd_mcp_arg two_args[] = {
    { "arg1", SRD_MCP_TEXT, .required = true, .help = "First test argument." },
    { "arg2", SRD_MCP_TEXT, .required = true, .help = "Second test argument." },
    { 0 },
};
static const struct srd_mcp_arg uri_args[] = {
    { "resourceUri", SRD_MCP_TEXT, .required = true, .help = "What to embed." }, { 0 },
};
static const struct srd_mcp_prompt prompts[] = {
    { "test_simple_prompt", "Simple", "A text.", NULL, fill_simple, NULL, NULL },
    { "test_prompt_with_arguments", "Arguments", "Two words.", two_args, fill_arguments, NULL, NULL },
    { "test_prompt_with_embedded_resource", "Resource", "A resource.", uri_args, NULL,
      say_resource, NULL },
    { "test_prompt_with_image", "Image", "An image.", NULL, NULL, say_image, NULL },
    { "test_input_required_result_prompt", "Rounds", "Asks first.", NULL, NULL, round_prompt, NULL },
    { 0 },
};

static bool complete(const struct srd_mcp_tables *tables, const struct srd_mcp_caller *caller,
                     const char *ref, const char *name, const char *begun, struct srd_json *out)
{
    (void)tables, (void)caller, (void)name;
    if (strcmp(ref, "test_prompt_with_arguments") != 0 &&
        strcmp(ref, "test://template/{id}/data") != 0)
        return false;
    if (!strncmp("paris", begun, strlen(begun)))
        srd_json_push(out, srd_json_new_text("paris"));
    return true;
}

static const struct srd_mcp_method methods[] = {
    { "subscriptions/listen", false, true, listen_for_changes },
    { "logging/setLevel", true, false, set_level },
    { "resources/subscribe", true, false, say_nothing },
    { "resources/unsubscribe", true, false, say_nothing },
    { 0 },
};

const struct srd_mcp_tables fixture_tables = {
    .name = "fixture",
    .title = "Fixture",
    .version = "1.0.0",
    .instructions = "For tests only.",
    .tools = tools,
    .resources = resources,
    .prompts = prompts,
    .complete = complete,
    .progress_ms = 1,
    .methods = methods,
    .capabilities = "{\"tools\":{\"listChanged\":true},\"prompts\":{\"listChanged\":true},"
                    "\"resources\":{\"subscribe\":true},\"completions\":{},\"logging\":{}}",
};
