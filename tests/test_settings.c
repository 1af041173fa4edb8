/* Which value wins, where did it come from, and what is said about a file that is wrong? */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

/* cmd is a program and no library: the files under test are included */
#include "cmd/config_file.c"
#include "cmd/setting_values.c"
#include "cmd/settings.c"
#include "cmd/settings_file.c"
#include "cmd/settings_secret.c"
#include "cmd/words.c"
#include "lib/base/buf.h"

/* --- files --- */

static char folder[] = "/tmp/srdiag-settings-XXXXXX";

static int go_to_folder(void **state)
{
    (void)state;
    return !mkdtemp(folder) || chdir(folder);
}

static int leave_folder(void **state)
{
    static const char *const files[] = { ".env", "user.cnf", "system.cnf", "secret" };

    (void)state;
    for (size_t i = 0; i < SRD_COUNT(files); i++)
        unlink(files[i]);
    return chdir("/") || rmdir(folder);
}

static void put_file(const char *name, const char *text, mode_t mode)
{
    FILE *f;

    unlink(name);
    if (!text)
        return;
    f = fopen(name, "we");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(name, mode ? mode : 0600), 0);
}

/* --- the process's environment, as a test says it --- */

static const char *environment; /* "A=1\nB=2\n" */

static const char *test_env(const char *name)
{
    static char value[256];
    size_t n = strlen(name);

    for (const char *line = environment; line && *line; line = strchr(line, '\n') + 1) {
        if (strncmp(line, name, n) != 0 || line[n] != '=')
            continue;
        snprintf(value, sizeof(value), "%.*s", (int)strcspn(line + n + 1, "\n"), line + n + 1);
        return value;
    }
    return NULL;
}

/* --- choosing --- */

#define USER "[srdiag]\n"

static const struct row {
    const char *name;
    const char *options; /* "host=a\n": as if typed */
    const char *env, *dotenv, *user, *system;
    const char *ask;     /* the setting that is asked for; NULL: host */
    const char *want;    /* "value (origin)", or the error */
    mode_t user_mode, dotenv_mode;
    const char *secret;  /* content of the file "secret" */
    bool server;         /* as `srdiag serve` reads them */
} rows[] = {
    { "without anything there is a default", .want = "127.0.0.1 (default)" },
    { "an option wins over all others", "host=o\n", "SR_HOST=e\n", "SR_HOST=d\n",
      USER "host=u\n", USER "host=s\n", .want = "o (option --host)" },
    { "the environment wins over .env", .env = "SR_HOST=e\n", .dotenv = "SR_HOST=d\n",
      .user = USER "host=u\n", .want = "e (environment SR_HOST)" },
    { ".env wins over config files", .dotenv = "# a\nSR_HOST=d\n", .user = USER "host=u\n",
      .want = "d (.env line 2)" },
    { "the user's file wins over the system's", .user = USER "host=u\n",
      .system = USER "host=s\n", .want = "u (user.cnf line 2)" },
    { "the system's file wins over defaults", .system = USER "\nhost=s\n",
      .want = "s (system.cnf line 3)" },
    { "the system's file fills what the user's leaves open", .user = USER "port=1\n",
      .system = USER "host=s\n", .want = "s (system.cnf line 2)" },
    { "SRDIAG_HOST wins over SR_HOST", .env = "SR_HOST=a\nSRDIAG_HOST=b\n",
      .want = "b (environment SRDIAG_HOST)" },
    { "an empty variable is not set", .env = "SRDIAG_HOST=\nSR_HOST=a\n",
      .want = "a (environment SR_HOST)" },
    { "an empty variable alone is not set", .env = "SR_HOST=\n", .want = "127.0.0.1 (default)" },
    { "a wrong line of ours in .env is an error", .dotenv = "A=1\nSR_HOST='x\n",
      .want = "config: .env line 2: SR_HOST: no closing '" },
    { "an empty value in .env is not set", .dotenv = "SR_HOST=\n", .want = "127.0.0.1 (default)" },
    { "every option has a variable", .env = "SRDIAG_SSL_MODE=required\n", .ask = "ssl-mode",
      .want = "REQUIRED (environment SRDIAG_SSL_MODE)" },
    { "of two lines the later one stays", .user = USER "host=a\nhost=b\n",
      .want = "b (user.cnf line 3)" },
    { "underscores in keys are dashes", .user = USER "ssl_mode=DISABLED\n", .ask = "ssl-mode",
      .want = "DISABLED (user.cnf line 2)" },
    { "a switch may stand alone", .user = USER "enable-cleartext-plugin\n",
      .ask = "enable-cleartext-plugin", .want = "true (user.cnf line 2)" },
    { "a switch may be off", .user = USER "enable-cleartext-plugin = off\n",
      .ask = "enable-cleartext-plugin", .want = "false (user.cnf line 2)" },

    { "--cluster takes the values of its section", "cluster=prod\n",
      .user = "[cluster prod]\nhost=p\n[cluster test]\nhost=t\n", .want = "p (user.cnf line 2)" },
    { "--cluster wins over the environment's host", "cluster=prod\n", "SR_HOST=e\n",
      .user = "[cluster prod]\nhost=p\n", .want = "p (user.cnf line 2)" },
    { "--host wins over --cluster", "cluster=prod\nhost=o\n", .user = "[cluster prod]\nhost=p\n",
      .want = "o (option --host)" },
    { "a cluster from the environment yields to its host", .env = "SRDIAG_CLUSTER=prod\nSR_HOST=e\n",
      .user = "[cluster prod]\nhost=p\n", .want = "e (environment SR_HOST)" },
    { "a cluster from the environment wins over .env", .env = "SRDIAG_CLUSTER=prod\n",
      .dotenv = "SR_HOST=d\n", .user = "[cluster prod]\nhost=p\n", .want = "p (user.cnf line 2)" },
    { "a cluster of the file wins over its [srdiag]",
      .user = USER "host=u\ncluster=prod\n[cluster prod]\nhost=p\n", .want = "p (user.cnf line 5)" },
    { "a cluster of the file yields to .env", .dotenv = "SR_HOST=d\n",
      .user = USER "cluster=prod\n[cluster prod]\nhost=p\n", .want = "d (.env line 1)" },
    { "a cluster may be in the system's file", "cluster=prod\n", .system = "[cluster prod]\nhost=p\n",
      .want = "p (system.cnf line 2)" },
    { "an unknown cluster names the nearest", "cluster=prd\n", .user = "[cluster prod]\nhost=p\n",
      .want = "usage: option --cluster: no config file has a section [cluster prd]; did you mean "
              "\"prod\"?" },

    { "a wrong option is a matter of usage", "port=x\n",
      .want = "usage: option --port: not a number from 1 to 65535" },
    { "a wrong variable is a matter of configuration", .env = "SR_PORT=x\n",
      .want = "config: environment SR_PORT: not a number from 1 to 65535" },
    { "a wrong variable does not matter when an option replaces it", "port=1\n", "SR_PORT=x\n",
      .ask = "port", .want = "1 (option --port)" },
    { "a port of 0 is refused", .env = "SR_PORT=0\n",
      .want = "config: environment SR_PORT: not a number from 1 to 65535" },
    { "a wrong value in .env names its line", .dotenv = "\nSR_PORT=x\n",
      .want = "config: .env line 2: not a number from 1 to 65535" },
    { "a wrong value in a file names file and line", .user = USER "host=a\nssl-mode=NO\n",
      .want = "config: user.cnf line 3: ssl-mode: \"NO\" is none of DISABLED, PREFERRED, REQUIRED, "
              "VERIFY_CA, VERIFY_IDENTITY" },
    { "a wrong value in a file matters also when an option replaces it", "host=o\nport=1\n",
      .user = USER "port=x\n",
      .want = "config: user.cnf line 2: port: not a number from 1 to 65535" },
    { "an unknown key names the nearest", .user = USER "hosst=a\n",
      .want = "config: user.cnf line 2: unknown key \"hosst\" in [srdiag]; did you mean \"host\"?" },
    { "an unknown section names the nearest", .user = "[srdaig]\n",
      .want = "config: user.cnf line 1: unknown section [srdaig]; did you mean \"srdiag\"?" },
    { "a key that no cluster has is refused in [cluster]", .user = "[cluster a]\noutput=json\n",
      .want = "config: user.cnf line 2: \"output\" belongs into [srdiag]" },
    { "a key without its value is refused", .user = USER "host\n",
      .want = "config: user.cnf line 2: \"host\" wants a value" },
    { "[client] is told what it is here", .user = "[client]\nhost=a\n",
      .want = "config: user.cnf line 1: [client] is a group of MySQL option files; here it is "
              "[srdiag]" },
    { "of several errors the first is told, and how many more", .user = USER "a=1\nb=2\n",
      .want = "config: user.cnf line 2: unknown key \"a\" in [srdiag] (and 1 more: srdiag config "
              "check)" },
    { "[cluster] wants a name", .user = "[cluster]\n",
      .want = "config: user.cnf line 1: [cluster NAME] wants a name" },
    { "[server], [agent] and [mute] may be there", .user = "[server]\nlisten=1\n[agent]\n[mute]\na=b\n",
      .want = "127.0.0.1 (default)" },
    { "[limits] wants numbers", .user = "[limits]\nstorage.x = many\n",
      .want = "config: user.cnf line 2: storage.x: a limit is a number (90, 90%, 50GB, 10m)" },
    { "a file that everyone can write is not trusted", .user = USER, .user_mode = 0666,
      .want = "config: config file \"user.cnf\" can be written by everyone and is not trusted: chmod "
              "o-w" },
    { "a .env that everyone can write is ignored", .dotenv = "SR_HOST=evil\n", .dotenv_mode = 0666,
      .want = "127.0.0.1 (default); .env: ignored, because everyone can write it: chmod o-w .env" },
    { "a password that others can read is told", .user = USER "password=secret\n", .user_mode = 0644,
      .want = "127.0.0.1 (default); user.cnf line 2: holds a password and can be read by others: "
              "chmod 600 user.cnf" },
    { "a password in .env that others can read is told", .dotenv = "A=1\nSR_PASSWORD=secret\n",
      .dotenv_mode = 0644,
      .want = "127.0.0.1 (default); .env line 2: holds a password and can be read by others: chmod "
              "600 .env" },
    { "a command is not taken from .env", .dotenv = "SRDIAG_PAGER=rm\n", .ask = "pager",
      .want = " (default); .env line 1: SRDIAG_PAGER is not taken from here; set it in the environment "
              "or a config file" },
    { "clear-text passwords are not switched on by .env",
      .dotenv = "SRDIAG_ENABLE_CLEARTEXT_PLUGIN=1\n", .ask = "enable-cleartext-plugin",
      .want = "false (default); .env line 1: SRDIAG_ENABLE_CLEARTEXT_PLUGIN is not taken from here; set "
              "it in the environment or a config file" },
    { "an empty password that others can read is none", .dotenv = "SR_PASSWORD=\n",
      .dotenv_mode = 0644, .want = "127.0.0.1 (default)" },
    { "a wrong password is not repeated", .user = USER "password='secret\n",
      .want = "config: user.cnf line 2: no closing '" },

    { "a password may come from a file", .env = "SRDIAG_PASSWORD_FILE=secret\n", .ask = "!password",
      .want = "s3cret#", .secret = "s3cret#\nmore\n" },
    { "a password file may end without a newline", .env = "SRDIAG_PASSWORD_FILE=secret\n",
      .ask = "!password", .want = "s3cret#", .secret = "s3cret#" },
    { "a password file may come from Windows", .env = "SRDIAG_PASSWORD_FILE=secret\n",
      .ask = "!password", .want = "s3cret#", .secret = "s3cret#\r\n" },
    { "an empty password file is an error", .env = "SRDIAG_PASSWORD_FILE=secret\n",
      .ask = "!password",
      .want = "config: password file \"secret\" (environment SRDIAG_PASSWORD_FILE): the first line is "
              "empty",
      .secret = "\n" },
    { "a missing password file is an error", .env = "SRDIAG_PASSWORD_FILE=nowhere\n",
      .ask = "!password",
      .want = "config: password file (environment SRDIAG_PASSWORD_FILE): could not open \"nowhere\": "
              "No such file or directory" },
    { "the higher of password and password file wins", "password-file=secret\n", "SR_PASSWORD=e\n",
      .ask = "!password", .want = "f", .secret = "f\n" },
    { "a higher password wins over a password file", "password=o\n",
      .user = USER "password-file=secret\n", .ask = "!password", .want = "o", .secret = "f\n" },
    { "password and password file of one rank are an error", "password=o\npassword-file=secret\n",
      .ask = "!password",
      .want = "usage: a password (option --password) and a password file (option --password-file) are "
              "given: choose one" },
    { "no password is none", .ask = "!password", .want = "(none)" },
    { "the server's variables are nobody else's", .env = "PORT=80\nHOST=h\nMAX_CONNECTIONS=x\n",
      .ask = "server-port", .want = " (default)" },
    { "nor are they from .env", .dotenv = "PORT='x\n", .ask = "server-port", .want = " (default)" },
    { "the server takes PORT", .env = "PORT=80\n", .ask = "server-port", .server = true,
      .want = "80 (environment PORT)" },
    { "from .env, too", .dotenv = "PORT=80\n", .ask = "server-port", .server = true,
      .want = "80 (.env line 1)" },
    { "its own name wins", .env = "PORT=80\nSRDIAG_SERVER_PORT=81\n", .ask = "server-port",
      .server = true, .want = "81 (environment SRDIAG_SERVER_PORT)" },
    { "a port may be 0, to take any", .env = "PORT=0\n", .ask = "server-port", .server = true,
      .want = "0 (environment PORT)" },
    { "and no word", .env = "PORT=http\n", .server = true,
      .want = "config: environment PORT: not a number from 0 to 65535" },
    { "[server] is read by the server", .user = "[server]\nworkers=3\n", .ask = "workers",
      .server = true, .want = "3 (user.cnf line 2)" },
    { "a wrong [server] is wrong for all", .user = "[server]\nworkers=0\n",
      .want = "config: user.cnf line 2: workers: not a number from 1 to 256" },
    { "an unknown key of [server] names the nearest", .user = "[server]\nlistn=1\n",
      .want = "config: user.cnf line 2: unknown key \"listn\" in [server]; did you mean \"listen\"?" },
    { "a key of [server] is none of [srdiag]", .user = USER "listen=1\n",
      .want = "config: user.cnf line 2: \"listen\" belongs into [server]" },
    { "nor of [cluster]", .user = "[cluster a]\nlisten=1\n",
      .want = "config: user.cnf line 2: \"listen\" belongs into [server]" },
    { "and the other way round", .user = "[server]\nhost=1\n",
      .want = "config: user.cnf line 2: \"host\" belongs into [srdiag]" },
    { "a list grows with each option", "allow-ip=10.0.0.0/8,::1\nallow-ip=10.1.1.1\n",
      .env = "ALLOWED_IPS=1.1.1.1\n", .ask = "allow-ip", .server = true,
      .want = "10.0.0.0/8,::1,10.1.1.1 (option --allow-ip)" },
    { "and with each line", .user = "[server]\nallow-ip=1.1.1.1\nallow-ip=2.2.2.2\n", .ask = "allow-ip",
      .server = true, .want = "1.1.1.1,2.2.2.2 (user.cnf line 3)" },
    { "an address that is none is told with its line", .user = "[server]\n\nallow-ip=::1,10.0.0\n",
      .want = "config: user.cnf line 3: allow-ip: \"10.0.0\" is no address and no block (10.0.0.0/8, ::1)" },
    { "a listen that is none is told with its line", .user = "[server]\nlisten=localhost\n",
      .want = "config: user.cnf line 2: listen: \"localhost\" is no [ADDRESS:]PORT (3000, "
              "0.0.0.0:3000, [::1]:3000)" },
    { "a rate", .env = "RATE_LIMIT=5\n", .ask = "rate-limit", .server = true,
      .want = "5 (environment RATE_LIMIT)" },
    { "a rate with its time", "rate-limit=5/1\n", .ask = "rate-limit", .server = true,
      .want = "5/1 (option --rate-limit)" },
    { "a rate of no time is none", "rate-limit=5/0\n",
      .want = "usage: option --rate-limit: \"5/0\" is no rate (100/60: 100 in 60 seconds)" },
    { "a rate below 0 is none", "rate-limit=-1\n",
      .want = "usage: option --rate-limit: \"-1\" is no rate (100/60: 100 in 60 seconds)" },
    { "a cache may be off", "cache-ttl=0\n", .ask = "cache-ttl", .server = true,
      .want = "0 (option --cache-ttl)" },
    { "a time limit may not", "request-timeout=0\n",
      .want = "usage: option --request-timeout: \"0\" is no time of at most 3600 seconds (30, 500ms, 5m)" },
    { ".env cannot open the server to others", .dotenv = "SRDIAG_INSECURE=1\n", .ask = "insecure",
      .server = true,
      .want = "false (default); .env line 1: SRDIAG_INSECURE is not taken from here; set it in the "
              "environment or a config file" },
    { ".env cannot make it write files", .dotenv = "SRDIAG_LOG_FILE=x\n", .ask = "log-file",
      .server = true,
      .want = " (default); .env line 1: SRDIAG_LOG_FILE is not taken from here; set it in the "
              "environment or a config file" },
    { "a key in .env that others can read is told", .dotenv = "API_KEY=secret\n", .dotenv_mode = 0644,
      .ask = "host", .server = true,
      .want = "127.0.0.1 (default); .env line 1: holds a key and can be read by others: chmod 600 .env" },
    { "a password keeps blanks and # in quotes", .user = USER "password = \"a #b \"\n",
      .ask = "!password", .want = "a #b " },
};

static void put_options(struct srd_settings *settings, const char *options, struct srd_error *err)
{
    char text[256], *rest = NULL;

    snprintf(text, sizeof(text), "%s", options ? options : "");
    for (char *line = strtok_r(text, "\n", &rest); line && !err->code;
         line = strtok_r(NULL, "\n", &rest)) {
        char *value = strchr(line, '=');
        char origin[64];

        *value++ = '\0';
        snprintf(origin, sizeof(origin), "option --%s", line);
        srd_settings_put(settings, (enum srd_setting_id)srd_setting_named(line), value, SRD_RANK_OPTION,
                         origin, err);
    }
}

static void tell(const struct row *row, struct srd_settings *settings, struct srd_buf *got,
                 struct srd_error *err)
{
    const char *password = NULL;

    if (row->ask && !strcmp(row->ask, "!password")) {
        if (!srd_settings_password(settings, &password, err))
            srd_buf_text(got, password ? password : "(none)");
    } else {
        int id = srd_setting_named(row->ask ? row->ask : "host");

        srd_buf_printf(got, "%s (%s)", settings->chosen[id].text, settings->chosen[id].origin);
    }
    for (size_t i = 0; i < settings->text.problem_count; i++) {
        const struct srd_problem *p = &settings->text.problems[i];

        if (p->weight == SRD_DOUBTFUL && p->line)
            srd_buf_printf(got, "; %s line %d: %s", p->file, p->line, p->text);
        else if (p->weight == SRD_DOUBTFUL)
            srd_buf_printf(got, "; %s: %s", p->file, p->text);
    }
}

static void chooses(void **state)
{
    const struct row *row = *state;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    SRD_CLEANUP(srd_buf_free) struct srd_buf got;
    struct srd_settings_places places = {
        .env = test_env, .dotenv = ".env", .user_config = "user.cnf", .system_config = "system.cnf"
    };
    struct srd_settings settings;
    struct srd_error err = { 0 };

    srd_buf_init(&got, 4096);
    put_file(".env", row->dotenv, row->dotenv_mode);
    put_file("user.cnf", row->user, row->user_mode);
    put_file("system.cnf", row->system, 0);
    put_file("secret", row->secret, 0);
    environment = row->env;
    srd_settings_init(&settings, arena);
    settings.server = row->server;
    put_options(&settings, row->options, &err);
    if (!err.code && !srd_settings_load(&settings, &places, &err))
        tell(row, &settings, &got, &err);
    if (err.code)
        srd_buf_printf(&got, "%s: %s", srd_code_name(err.code), err.text);
    assert_string_equal(got.data, row->want);
}

/* --- the form of a config file --- */

static const struct form {
    const char *name, *text, *want;
} configs[] = {
    { "an empty file says nothing", "", "" },
    { "keys belong to their section", "[a]\nk=v\n[b]\nk=w\n", "[a] [a]k=v [b] [b]k=w " },
    { "blanks around everything are ignored", "  [ a ]  \n  k  =  v  \n", "[a] [a]k=v " },
    { "blanks inside a section's name count once", "[cluster \t prod]\n", "[cluster prod] " },
    { "a carriage return ends a line, too", "[a]\r\nk=v\r\n", "[a] [a]k=v " },
    { "a byte order mark is skipped", "\xef\xbb\xbf[a]\n", "[a] " },
    { "the last line needs no newline", "[a]\nk=v", "[a] [a]k=v " },
    { "lines that begin with # or ; are comments", "# x\n;y\n [a]\n  # z\n", "[a] " },
    { "a comment may follow a section", "[a] # x\n", "[a] " },
    { "a comment may follow a value after a blank", "[a]\nk=v # x\n", "[a] [a]k=v " },
    { "a comment may follow a key that stands alone", "[a]\nk # x=y\n", "[a] [a]k " },
    { "a # inside a value must be quoted", "[a]\nk=v#x\n",
      "[a] !2: put the value in quotes if the # is part of it, or a blank before the # if a comment "
      "starts there " },
    { "a # in quotes is part of the value", "[a]\nk='v#x'\n", "[a] [a]k=v#x " },
    { "a ; in a value is part of it", "[a]\nk=v ; x\n", "[a] [a]k=v ; x " },
    { "quotes keep blanks", "[a]\nk=\"  v \" # x\n", "[a] [a]k=  v  " },
    { "escapes are resolved", "[a]\nk=a\\sb\\\\c\\\"d\n", "[a] [a]k=a b\\c\"d " },
    { "an unknown escape stays as it is", "[a]\nk=C:\\data\n", "[a] [a]k=C:\\data " },
    { "an escaped quote does not end the value", "[a]\nk=\"a\\\"b\"\n", "[a] [a]k=a\"b " },
    { "the other quote is an ordinary letter", "[a]\nk=\"it's\"\n", "[a] [a]k=it's " },
    { "an open quote is told", "[a]\nk=\"v\n", "[a] !2: no closing \" " },
    { "text behind a quote is told", "[a]\nk=\"v\"w\n", "[a] !2: text after the closing \" " },
    { "an empty value is a value", "[a]\nk=\n", "[a] [a]k= " },
    { "a value may hold =", "[a]\nk=a=b\n", "[a] [a]k=a=b " },
    { "a key alone has no value", "[a]\nk\n", "[a] [a]k " },
    { "a value without a key is told", "[a]\n=v\n", "[a] !2: a value without a key " },
    { "a key of two words is told", "[a]\nmy key=v\n",
      "[a] !2: \"my key\" is no key; expected KEY = VALUE " },
    { "a key before the first section is told", "k=v\n",
      "!1: \"k\" stands before the first section; begin with [srdiag] " },
    { "a section that is not closed is told, and its keys are skipped", "[a\nk=v\n[b]\n",
      "!1: no ] at the end of the section's name [b] " },
    { "a section without a name is told", "[ ]\n", "!1: a section without a name " },
    { "text behind a section is told", "[a] b\n", "!1: text after the section's name " },
    { "underscores in keys become dashes", "[a]\nssl_ca=v\n", "[a] [a]ssl-ca=v " },
    { "keys of [limits] stay as they are", "[limits]\nhard_limit=1\n", "[limits] [limits]hard_limit=1 " },
    { "!include is refused", "!include x\n", "!1: !include is not supported; put everything in one "
                                             "file " },
    { "!includedir is refused", "!includedir x\n",
      "!1: !includedir is not supported; put everything in one file " },
    { "broken UTF-8 is refused with its line", "[a]\nk=v\nx=\xff\n", "!3: not UTF-8 text " },
    { "every wrong line is told", "=a\n[b]\n=c\n", "!1: a value without a key [b] !3: a value without "
                                                   "a key " },
}, dotenvs[] = {
    { "a pair is read", "SR_HOST=a\n", "SR_HOST=a " },
    { "export is allowed", "export SR_HOST=a\n", "SR_HOST=a " },
    { "export needs a blank", "exportSR_HOST=a\n", "" },
    { "keys of others are skipped", "PORT=3000\nSR_HOST=a\nAPI_KEY=x\n", "SR_HOST=a " },
    { "comments and empty lines are skipped", "# SR_HOST=a\n\n  \nSR_HOST=b\n", "SR_HOST=b " },
    { "a comment may follow after a blank", "SR_HOST=a # b\n", "SR_HOST=a " },
    { "a # inside a value is part of it", "SR_HOST=a#b\n", "SR_HOST=a#b " },
    { "single quotes keep everything", "SR_HOST='a #\\n$b'\n", "SR_HOST=a #\\n$b " },
    { "a comment opens no quotes", "# it='s\nSR_HOST=a\nB='\n", "SR_HOST=a " },
    { "double quotes know newlines", "SR_HOST=\"a\\nb\"\n", "SR_HOST=a\nb " },
    { "double quotes resolve escapes", "SR_HOST=\"a\\\"\\tb\"\n", "SR_HOST=a\"\tb " },
    { "nothing is expanded", "SR_HOST=$HOME\n", "SR_HOST=$HOME " },
    { "blanks around are ignored", "  SR_HOST =  a  \n", "SR_HOST=a " },
    { "an empty value is read", "SR_HOST=\n", "SR_HOST= " },
    { "a value in quotes may have several lines", "OTHER=\"a\nSR_HOST=no\n\"\nSR_HOST=yes\n",
      "SR_HOST=yes " },
    { "an open quote of others hides nothing", "OTHER='it\nSR_HOST=a\n", "SR_HOST=a " },
    { "an open quote of ours is told", "\nSR_HOST='a\n", "!2: SR_HOST: no closing ' " },
    { "a line that is no pair is skipped", "hello\nSR_HOST=a\n", "SR_HOST=a " },
};

static void describe(const struct srd_config_text *text, struct srd_buf *got)
{
    size_t entry = 0, problem = 0;

    while (entry < text->count || problem < text->problem_count) {
        const struct srd_entry *e = &text->entries[entry];
        const struct srd_problem *p = &text->problems[problem];

        if (entry == text->count || (problem < text->problem_count && p->line < e->line)) {
            srd_buf_printf(got, "!%d: %s ", p->line, p->text);
            problem++;
            continue;
        }
        if (*e->section)
            srd_buf_printf(got, "[%s]", e->section);
        srd_buf_printf(got, "%s%s%s ", e->key ? e->key : "", e->value ? "=" : "",
                       e->value ? e->value : "");
        entry++;
    }
}

static void reads_config(void **state)
{
    const struct form *row = *state;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    SRD_CLEANUP(srd_buf_free) struct srd_buf got;
    struct srd_config_text text = { .arena = arena };

    srd_buf_init(&got, 4096);
    srd_config_parse("f", row->text, strlen(row->text), &text);
    describe(&text, &got);
    assert_string_equal(got.data, row->want);
}

static void reads_dotenv(void **state)
{
    const struct form *row = *state;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    SRD_CLEANUP(srd_buf_free) struct srd_buf got;
    struct srd_config_text text = { .arena = arena };

    srd_buf_init(&got, 4096);
    srd_dotenv_parse("f", row->text, strlen(row->text), ours, &text);
    describe(&text, &got);
    assert_string_equal(got.data, row->want);
}

/* --- limits --- */

static void limits_come_from_files_and_set(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_settings_places places = { .env = test_env,
                                          .user_config = "user.cnf",
                                          .system_config = "system.cnf" };
    const char *const set[] = { "b=5", "c=50GB", NULL };
    const struct srd_override *limits;
    struct srd_settings settings;
    struct srd_error err = { 0 };

    (void)state;
    environment = NULL;
    put_file("user.cnf", "[limits]\na = 2\nb = 3 # x\n", 0);
    put_file("system.cnf", "[limits]\na = 1\nd = 90 %\n", 0);
    srd_settings_init(&settings, arena);
    assert_int_equal(srd_settings_load(&settings, &places, &err), 0);
    assert_int_equal(srd_settings_limits(&settings, set, &limits, &err), 0);
    assert_string_equal(limits[0].name, "a");
    assert_true(limits[0].value == 2);
    assert_string_equal(limits[0].origin, "user.cnf line 2");
    assert_string_equal(limits[1].name, "d");
    assert_true(limits[1].value == 90);
    assert_string_equal(limits[2].name, "b");
    assert_true(limits[2].value == 5);
    assert_string_equal(limits[2].origin, "--set");
    assert_true(limits[3].value == 50.0 * 1024 * 1024 * 1024);
    assert_null(limits[4].name);
}

static const struct form bad_sets[] = {
    { "--set without = is refused", "a", "" },   { "--set without a name is refused", "=1", "" },
    { "--set without a value is refused", "a=", "" }, { "--set to a word is refused", "a=big", "" },
    { "--set to nan is refused", "a=nan", "" },  { "--set to infinity is refused", "a=inf", "" },
};

static void refuses_set(void **state)
{
    const struct form *row = *state;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    const char *const set[] = { row->text, NULL };
    const struct srd_override *limits;
    struct srd_settings settings;
    struct srd_error err = { 0 };

    srd_settings_init(&settings, arena);
    assert_int_equal(srd_settings_limits(&settings, set, &limits, &err), SRD_E_USAGE);
}

static const struct number {
    const char *name, *text;
    double want; /* negative: refused */
} numbers[] = {
    { "a limit may be a plain number", "90", 90 },
    { "a limit may have a fraction", "0.5", 0.5 },
    { "a limit may be a percentage", "90%", 90 },
    { "a blank before % is fine", "90 %", 90 },
    { "a limit may be a size", "50GB", 50.0 * 1024 * 1024 * 1024 },
    { "a limit may be a time, which is milliseconds", "10m", 600e3 },
    { "milliseconds are milliseconds", "500ms", 500 },
    { "a limit is no word", "many", -1 },
    { "a limit is not empty", "", -1 },
    { "a limit is no infinity", "1e999", -1 },
    { "a limit has no garbage behind it", "90x", -1 },
};

static void reads_number(void **state)
{
    const struct number *row = *state;
    double got = -1;

    if (!srd_limit_parse(row->text, &got))
        got = -1;
    assert_true(got == row->want);
}

#define TEST(row, function)                                                                        \
    (struct CMUnitTest)                                                                            \
    {                                                                                              \
        .name = (row).name, .test_func = function, .initial_state = (void *)(uintptr_t)&(row)      \
    }

/* --- the clusters of a server --- */

/* What was said for one cluster must not reach another. */
static void parts_clusters(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_settings_places places = { .env = test_env, .dotenv = ".env", .user_config = "user.cnf" };
    struct srd_settings settings, base, own;
    struct srd_error err = { 0 };

    (void)state;
    put_file(".env", NULL, 0);
    put_file("user.cnf",
             USER "user=all\ncluster=b\n[cluster a]\nhost=fea\n[cluster b]\nhost=feb\npassword=pb\n", 0);
    environment = "SR_PORT=9\n";
    srd_settings_init(&settings, arena);
    put_options(&settings, "host=typed\npassword=typed\nworkers=3\n", &err);
    settings.server = true;
    assert_int_equal(srd_settings_load(&settings, &places, &err), 0);
    assert_string_equal(srd_setting_text(&settings, SRD_SET_host), "typed");

    srd_settings_again(&settings, false, arena, &base);
    assert_int_equal(srd_settings_load(&base, &places, &err), 0);
    assert_string_equal(srd_setting_text(&base, SRD_SET_workers), "3");
    assert_int_equal(srd_settings_of_cluster(&base, "a", &own, &err), 0);
    assert_string_equal(srd_setting_text(&own, SRD_SET_host), "fea");
    assert_string_equal(srd_setting_text(&own, SRD_SET_password), "");
    assert_string_equal(srd_setting_text(&own, SRD_SET_user), "all");
    assert_string_equal(srd_setting_text(&own, SRD_SET_port), "9");
    assert_int_equal(srd_settings_of_cluster(&base, "b", &own, &err), 0);
    assert_string_equal(srd_setting_text(&own, SRD_SET_host), "feb");
    assert_string_equal(srd_setting_text(&own, SRD_SET_password), "pb");

    /* a reload: the file has changed, the command line has not */
    put_file("user.cnf", USER "user=new\nhost=file\n", 0);
    srd_settings_again(&settings, true, arena, &base);
    assert_int_equal(srd_settings_load(&base, &places, &err), 0);
    assert_string_equal(srd_setting_text(&base, SRD_SET_host), "typed");
    assert_string_equal(srd_setting_text(&base, SRD_SET_user), "new");
}

int main(void)
{
    struct CMUnitTest tests[SRD_COUNT(rows) + SRD_COUNT(configs) + SRD_COUNT(dotenvs) +
                            SRD_COUNT(bad_sets) + SRD_COUNT(numbers) + 2];
    size_t n = 0;

    for (size_t i = 0; i < SRD_COUNT(rows); i++)
        tests[n++] = TEST(rows[i], chooses);
    for (size_t i = 0; i < SRD_COUNT(configs); i++)
        tests[n++] = TEST(configs[i], reads_config);
    for (size_t i = 0; i < SRD_COUNT(dotenvs); i++)
        tests[n++] = TEST(dotenvs[i], reads_dotenv);
    for (size_t i = 0; i < SRD_COUNT(bad_sets); i++)
        tests[n++] = TEST(bad_sets[i], refuses_set);
    for (size_t i = 0; i < SRD_COUNT(numbers); i++)
        tests[n++] = TEST(numbers[i], reads_number);
    tests[n++] = (struct CMUnitTest){ .name = "limits come from files, and --set wins",
                                      .test_func = limits_come_from_files_and_set };
    tests[n++] = (struct CMUnitTest){ .name = "no cluster of a server gets what was meant for another",
                                      .test_func = parts_clusters };
    return cmocka_run_group_tests_name("settings", tests, go_to_folder, leave_folder);
}
