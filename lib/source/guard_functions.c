/* Which functions may be called? */

#include "lib/source/guard_private.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/cleanup.h"

/*
 * The functions of the FE (SHOW BUILTIN FUNCTIONS and the keywords that look like functions, 4.1
 * line) that compute something of their arguments, the clock, chance or the session, and do nothing
 * else; also the types that take a parenthesis in CAST. Sorted. Combinators (sum_if, ndv_state ...)
 * come with their base. Whatever is not here is refused: users' functions may do anything.
 */
/* clang-format off */
static const char *const harmless[] = {
    "abs", "acos", "add", "add_months", "adddate", "aes_decrypt", "aes_encrypt",
    "alignment_timestamp", "all_match", "any_match", "any_value", "append_trailing_char_if_absent",
    "approx_cosine_similarity", "approx_count_distinct", "approx_count_distinct_hll_sketch",
    "approx_l2_distance", "approx_top_k", "array", "array_agg", "array_agg_distinct",
    "array_append", "array_avg", "array_concat", "array_contains", "array_contains_all",
    "array_contains_seq", "array_cum_sum", "array_difference", "array_distinct", "array_filter",
    "array_flatten", "array_generate", "array_intersect", "array_join", "array_length", "array_map",
    "array_max", "array_min", "array_position", "array_remove", "array_repeat", "array_slice",
    "array_sort", "array_sort_lambda", "array_sortby", "array_sum", "array_to_bitmap",
    "array_top_n", "array_unique_agg", "arrays_overlap", "arrays_zip", "ascii", "asin",
    "assert_true", "atan", "atan2", "avg", "bar", "base64_decode_binary", "base64_decode_string",
    "base64_to_bitmap", "bigint", "bin", "binary", "bit_shift_left", "bit_shift_right",
    "bit_shift_right_logical", "bitand", "bitmap_agg", "bitmap_and", "bitmap_andnot",
    "bitmap_contains", "bitmap_count", "bitmap_empty", "bitmap_from_binary", "bitmap_from_string",
    "bitmap_has_any", "bitmap_hash", "bitmap_hash64", "bitmap_intersect", "bitmap_max",
    "bitmap_min", "bitmap_or", "bitmap_remove", "bitmap_subset_in_range", "bitmap_subset_limit",
    "bitmap_to_array", "bitmap_to_base64", "bitmap_to_binary", "bitmap_to_string", "bitmap_union",
    "bitmap_union_count", "bitmap_union_int", "bitmap_xor", "bitnot", "bitor", "bitshiftleft",
    "bitshiftright", "bitshiftrightlogical", "bitxor", "bool_or", "boolor_agg", "cardinality",
    "cast", "catalog", "cbrt", "ceil", "ceiling", "char", "char_length", "character_length",
    "charset", "coalesce", "collation", "column_compressed_size", "column_size", "concat",
    "concat_ws", "connection_id", "conv", "convert", "convert_tz", "corr", "cos", "cosh",
    "cosine_similarity", "cosine_similarity_norm", "cot", "count", "covar_pop", "covar_samp",
    "crc32", "crc32_hash", "cume_dist", "curdate", "current_catalog", "current_date",
    "current_group", "current_role", "current_time", "current_timestamp", "current_timezone",
    "current_user", "current_version", "current_warehouse", "curtime", "database", "date",
    "date_add", "date_diff", "date_floor", "date_format", "date_slice", "date_sub", "date_trunc",
    "datediff", "datetime", "day", "dayname", "dayofmonth", "dayofweek", "dayofweek_iso",
    "dayofyear", "days_add", "days_diff", "days_sub", "dceil", "decimal", "decimal128",
    "decimal256", "decimal32", "decimal64", "decimalv2", "degrees", "degress", "dense_rank", "dexp",
    "dfloor", "distinct_map_keys", "distinct_pc", "distinct_pcsa", "div", "divide", "dlog1",
    "dlog10", "dpow", "dround", "ds_hll_accumulate", "ds_hll_combine", "ds_hll_count_distinct",
    "ds_hll_estimate", "ds_theta_count_distinct", "dsqrt", "e", "element_at",
    "encode_fingerprint_sha256", "ends_with", "equiwidth_bucket", "exp", "extract", "field",
    "find_in_set", "first_value", "floor", "fmod", "format", "format_bytes", "fpow", "from_base64",
    "from_binary", "from_days", "from_unixtime", "from_unixtime_ms", "fused_multi_distinct_count",
    "fused_multi_distinct_count_avg", "fused_multi_distinct_count_sum",
    "fused_multi_distinct_count_sum_avg", "get_json_bool", "get_json_double", "get_json_int",
    "get_json_object", "get_json_string", "get_variant_bool", "get_variant_date",
    "get_variant_datetime", "get_variant_double", "get_variant_int", "get_variant_string",
    "get_variant_time", "greatest", "group_concat", "grouping", "grouping_id", "hex",
    "hex_decode_binary", "hex_decode_string", "histogram", "histogram_hll_ndv", "hll_cardinality",
    "hll_deserialize", "hll_empty", "hll_hash", "hll_raw", "hll_raw_agg", "hll_serialize",
    "hll_union", "hll_union_agg", "host_name", "hour", "hour_from_unixtime", "hours_add",
    "hours_diff", "hours_sub", "if", "ifnull", "ilike", "inet_aton", "initcap", "instr", "int",
    "int_divide", "integer", "intersect_count", "interval", "is_null", "is_role_in_session",
    "isnotnull", "isnull", "jodatime_format", "json_array", "json_contains", "json_exists",
    "json_keys", "json_length", "json_object", "json_pretty", "json_query", "json_remove",
    "json_set", "json_string", "json_value", "l2_distance", "lag", "largeint", "last_day",
    "last_query_id", "last_value", "lcase", "lead", "least", "left", "length", "like", "ln",
    "localtime", "localtimestamp", "locate", "log", "log10", "log2", "lower", "lpad", "ltrim",
    "makedate", "mann_whitney_u_test", "map", "map_agg", "map_apply", "map_concat", "map_entries",
    "map_filter", "map_from_arrays", "map_keys", "map_size", "map_values", "max", "max_by", "max_n",
    "md5", "md5sum", "md5sum_numeric", "microseconds_add", "microseconds_sub", "mid",
    "milliseconds_add", "milliseconds_diff", "milliseconds_sub", "min", "min_by", "min_n", "minute",
    "minutes_add", "minutes_diff", "minutes_sub", "mod", "money_format", "month", "monthname",
    "months_add", "months_diff", "months_sub", "multi_distinct_count", "multi_distinct_sum",
    "multiply", "murmur_hash3_32", "named_struct", "ndv", "negative", "next_day", "ngram_search",
    "ngram_search_case_insensitive", "now", "ntile", "null_or_empty", "nullif", "parse_json",
    "parse_url", "password", "percent_rank", "percentile_approx", "percentile_approx_raw",
    "percentile_approx_weighted", "percentile_cont", "percentile_disc", "percentile_empty",
    "percentile_hash", "percentile_union", "pi", "pmod", "position", "positive", "pow", "power",
    "previous_day", "quarter", "quarters_add", "quarters_sub", "radians", "rand", "random", "rank",
    "regexp", "regexp_count", "regexp_extract", "regexp_extract_all", "regexp_position",
    "regexp_replace", "regexp_split", "repeat", "replace", "replace_value", "retention", "reverse",
    "right", "rlike", "round", "row", "row_number", "rpad", "rtrim", "schema", "sec_to_time",
    "second", "seconds_add", "seconds_diff", "seconds_sub", "session_id", "session_number",
    "session_user", "sha2", "sign", "sin", "sinh", "sm3", "smallint", "space", "split",
    "split_part", "sqrt", "square", "st_astext", "st_aswkt", "st_circle", "st_contains",
    "st_distance_sphere", "st_geometryfromtext", "st_geomfromtext", "st_linefromtext",
    "st_linestringfromtext", "st_point", "st_polyfromtext", "st_polygon", "st_polygonfromtext",
    "st_x", "st_y", "starts_with", "std", "stddev", "stddev_pop", "stddev_samp", "str2date",
    "str_to_date", "str_to_jodatime", "str_to_map", "strcmp", "strftime", "string", "string_agg",
    "strleft", "strpos", "strright", "struct", "sub_bitmap", "subdate", "substitute", "substr",
    "substring", "substring_index", "subtract", "sum", "sum_map", "tan", "tanh", "time_format",
    "time_slice", "time_to_sec", "timediff", "timestamp", "timestampadd", "timestampdiff",
    "tinyint", "to_base64", "to_binary", "to_bitmap", "to_date", "to_datetime", "to_datetime_ntz",
    "to_days", "to_iso8601", "to_json", "to_tera_date", "to_tera_timestamp", "tokenize",
    "transform", "transform_keys", "transform_values", "translate", "trim", "truncate", "try_cast",
    "typeof", "ucase", "unhex", "unix_timestamp", "upper", "url_decode", "url_encode", "url_extract_host",
    "url_extract_parameter", "user", "utc_time", "utc_timestamp", "uuid", "uuid_numeric", "uuid_v7",
    "uuid_v7_numeric", "var_pop", "var_samp", "varbinary", "varchar", "variance", "variance_pop",
    "variance_samp", "variant_query", "variant_typeof", "version", "week", "week_iso", "weekday",
    "weekofyear", "weeks_add", "weeks_diff", "weeks_sub", "window_funnel", "xor", "xx_hash3_128",
    "xx_hash3_64", "year", "years_add", "years_diff", "years_sub", "yearweek",
};
/* clang-format on */

static const char *const combinators[] = { "_state_merge", "_state_union", "_combine", "_merge",
                                           "_state",       "_union",       "_if" };

/* In FROM: they make rows of their arguments. */
static const char *const of_rows[] = { "generate_series", "json_each", "subdivide_bitmap", "unnest",
                                       "unnest_bitmap" };

/* clang-format off */
/* Known, and not harmless: who asks is told why. */
static const struct refused {
    const char *name;
    bool with_select; /* allowed by the policy SELECT: reads what a query could read as well */
    enum srd_guard_code code;
    const char *why;
} refused[] = {
    { "ai_query", false, SRD_GUARD_OUTSIDE, "sends data to a service outside the cluster" },
    { "dict_mapping", true, SRD_GUARD_FUNCTION, "looks values up in a business table" },
    { "dictionary_get", true, SRD_GUARD_FUNCTION, "looks values up in a business table" },
    { "files", false, SRD_GUARD_OUTSIDE, "reads what is outside the cluster" },
    /* the text may read FILES, whose address the FE opens while it plans */
    { "get_query_dump", false, SRD_GUARD_FUNCTION, "plans any text that it is given" },
    { "get_query_profile", true, SRD_GUARD_FUNCTION, "shows statements with their literals" },
    { "inspect_all_pipes", true, SRD_GUARD_FUNCTION, "shows properties of pipes" },
    { "inspect_global_dict", true, SRD_GUARD_FUNCTION, "shows values of users' rows" },
    { "inspect_hive_part_info", true, SRD_GUARD_FUNCTION, "asks an external catalog" },
    { "inspect_memory", true, SRD_GUARD_FUNCTION, "measures the memory of the FE at a price" },
    { "inspect_memory_detail", true, SRD_GUARD_FUNCTION, "measures the memory of the FE at a price" },
    { "inspect_mv_meta", true, SRD_GUARD_FUNCTION, "shows definitions with their literals" },
    { "inspect_mv_plan", true, SRD_GUARD_FUNCTION, "shows definitions with their literals" },
    { "inspect_mv_refresh_info", true, SRD_GUARD_FUNCTION, "asks external catalogs" },
    { "inspect_mv_relationships", true, SRD_GUARD_FUNCTION, "shows definitions" },
    { "inspect_related_mv", true, SRD_GUARD_FUNCTION, "shows definitions" },
    { "inspect_table_partition_info", true, SRD_GUARD_FUNCTION, "asks external catalogs" },
    { "inspect_task_runs", true, SRD_GUARD_FUNCTION, "shows statements with their literals" },
    { "lookup_string", true, SRD_GUARD_FUNCTION, "looks values up in a business table" },
    { "sleep", false, SRD_GUARD_FUNCTION, "keeps the cluster waiting" },
};
/* clang-format on */

static int compare(const void *key, const void *entry)
{
    return strcasecmp(key, *(const char *const *)entry);
}

static bool is_harmless(const char *name)
{
    return bsearch(name, harmless, SRD_COUNT(harmless), sizeof(harmless[0]), compare);
}

static bool is_combined(struct srd_guard *g, const char *name)
{
    size_t n = strlen(name);

    for (size_t i = 0; i < SRD_COUNT(combinators); i++) {
        size_t tail = strlen(combinators[i]);

        if (n > tail && !strcasecmp(name + n - tail, combinators[i]))
            return is_harmless(srd_arena_copy_n(g->arena, name, n - tail));
    }
    return false;
}

static const struct refused *find_refused(const char *name)
{
    for (size_t i = 0; i < SRD_COUNT(refused); i++)
        if (!strcasecmp(name, refused[i].name))
            return &refused[i];
    return NULL;
}

static bool refuse(struct srd_guard *g, const struct srd_guard_token *where)
{
    const struct refused *known = find_refused(where->text);

    if (!known)
        return srd_guard_refuse(g, SRD_GUARD_FUNCTION_UNKNOWN, where,
                                "the function \"%s\" is not among those known to be harmless",
                                where->text);
    if (known->with_select && g->rules->policy == SRD_GUARD_SELECT)
        return true;
    return srd_guard_refuse(g, known->code, where, "the function \"%s\" %s", known->name,
                            known->why);
}

static bool refuse_qualified(struct srd_guard *g, const struct srd_guard_token *where)
{
    return srd_guard_refuse(g, SRD_GUARD_FUNCTION_UNKNOWN, where,
                            "functions of a database are users' own, and may do anything");
}

bool srd_guard_check_function(struct srd_guard *g, const struct srd_guard_token *where,
                              bool qualified)
{
    if (qualified)
        return refuse_qualified(g, where);
    if (is_harmless(where->text) || is_combined(g, where->text))
        return true;
    return refuse(g, where);
}

bool srd_guard_check_table_function(struct srd_guard *g, const struct srd_guard_token *where,
                                    bool qualified)
{
    if (qualified)
        return refuse_qualified(g, where);
    for (size_t i = 0; i < SRD_COUNT(of_rows); i++)
        if (!strcasecmp(where->text, of_rows[i]))
            return true;
    return refuse(g, where);
}
