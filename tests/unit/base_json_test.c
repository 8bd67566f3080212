/* JSON: reader limits, messages, tree, writer. */
#include "base/base.h"

#include <stdio.h>

#include "t.h"

static struct err e;

static int parse(struct arena *a, const char *text, struct json **ret)
{
	e.msg[0] = '\0';
	return json_parse(&e, a, "doc", text, strlen(text), ret);
}

/* The message for a text that must be refused. */
static const char *refused(const char *text)
{
	_arena_ struct arena a = {0};
	struct json *tree;

	if (parse(&a, text, &tree) >= 0)
		T_FAIL("accepted: %s", text);
	return e.msg;
}

TEST(values)
{
	_arena_ struct arena a = {0};
	const struct json *n;
	struct json *t;

	OK_ERR(&e, parse(&a,
			 " {\"a\": [1, -2.5e3 ,\"x\\u00e4\\n\\ud83d\\ude00\", null, true,false],"
			 "\"\":{}, \"s\":\"plain\", \"n\":0}\n",
			 &t));
	EQ(t->type, JSON_OBJECT);
	EQ(t->count, 4);
	STREQ(t->key, NULL);
	n = json_get(t, "a");
	EQ(n->type, JSON_ARRAY);
	EQ(n->count, 6);
	n = n->child;
	STREQ(n->str, "1");
	STREQ(n->key, NULL);
	n = n->next;
	EQ(n->type, JSON_NUMBER);
	STREQ(n->str, "-2.5e3");
	n = n->next;
	STREQ(n->str, "x\xc3\xa4\n\xf0\x9f\x98\x80");
	n = n->next;
	EQ(n->type, JSON_NULL);
	n = n->next;
	EQ(n->boolean, true);
	n = n->next;
	EQ(n->type, JSON_BOOL);
	EQ(n->boolean, false);
	TRUE(!n->next);
	EQ(json_get(t, "")->type, JSON_OBJECT);
	STREQ(json_get(t, "s")->str, "plain");
	STREQ(json_get(t, "n")->str, "0");
	TRUE(!json_get(t, "absent"));
	TRUE(!json_get(json_get(t, "a"), "x"));
	TRUE(!json_get(NULL, "x"));
	STREQ(json_document(n), "doc");
}

/* Numbers are moved inside the copy of the text: nothing around them may suffer. */
TEST(numbers_in_place)
{
	static const char *const texts[] = {"[1,2,3]",		 "[ 1 , 22,-3 ]",
					    "[\n1\n,\n2\n]",	 "[\"a\",1,\"b\"]",
					    "{\"a\":1,\"b\":2}", "{\"a\" :\t1 }"};
	_arena_ struct arena a = {0};
	struct json *t;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		OK_ERR(&e, parse(&a, texts[i], &t));
		for (const struct json *c = t->child; c; c = c->next)
			if (c->type == JSON_NUMBER)
				TRUE(strstr(texts[i], c->str) &&
				     strspn(c->str, "-0123456789") == strlen(c->str));
	}
	OK_ERR(&e, parse(&a, "42", &t));
	STREQ(t->str, "42");
	OK_ERR(&e, parse(&a, "\"x\"", &t));
	STREQ(t->str, "x");
	OK_ERR(&e, parse(&a, "{\"a\" :\t12 , \"b\":[\"q\",7]}", &t));
	STREQ(json_get(t, "a")->str, "12");
	STREQ(json_get(t, "b")->child->str, "q");
	STREQ(json_get(t, "b")->child->next->str, "7");
}

TEST(refusals)
{
	static const struct {
		const char *text, *msg;
	} cases[] = {
		{"", "doc: line 1, column 1: parse error: premature EOF"},
		{" \n ", "doc: line 2, column 2: parse error: premature EOF"},
		{"{", "doc: line 1, column 2: parse error: premature EOF"},
		{"[1,2", "doc: line 1, column 5: parse error: premature EOF"},
		{"{\"a\":}",
		 "doc: line 1, column 6: parse error: unallowed token at this point in JSON text"},
		{"[1]x", "doc: line 1, column 4: parse error: trailing garbage"},
		{"[1] []", "doc: line 1, column 5: parse error: trailing garbage"},
		{"[\n1,\n  x]", "doc: line 3, column 3: lexical error: invalid char in json text"},
		{"[\"abc]", "doc: line 1, column 2: string without an end"},
		{"[\"a\nb\"]", "doc: line 1, column 4: control character in a string"},
		{"[\"\\u0000\"]", "doc: line 1, column 3: NUL character in a string"},
		{"{\"k\\u0000\":1}", "doc: line 1, column 4: NUL character in a string"},
		{"[\"\\u12g4\"]", "doc: line 1, column 3: \\u without four hexadecimal digits"},
		{"[\"\\ud800\"]", "doc: line 1, column 3: half a surrogate pair"},
		{"[\"\\ud800\\u0041\"]", "doc: line 1, column 3: half a surrogate pair"},
		{"[\"\\udc00\"]", "doc: line 1, column 3: half a surrogate pair"},
		{"[\"\\x\"]", "doc: line 1, column 3: unknown escape in a string"},
		{"[\"\xc0\x80\"]", "doc: line 1, column 3: invalid UTF-8"},
		{"[\"\xc3\"]", "doc: line 1, column 3: invalid UTF-8"},
		{"[\"\xe0\x80\x80\"]", "doc: line 1, column 3: invalid UTF-8"},
		{"[\"\xed\xa0\x80\"]", "doc: line 1, column 3: invalid UTF-8"},
		{"[\"\xf4\x90\x80\x80\"]", "doc: line 1, column 3: invalid UTF-8"},
		{"[\"\xff\"]", "doc: line 1, column 3: invalid UTF-8"},
		{"{\"\xff\":1}", "doc: line 1, column 3: invalid UTF-8"},
		{"{\"a\":1,\"b\":2,\"a\":3}", "doc: a: given twice"},
		{"{\"x\":[{\"a\":1,\"\\u0061\":3}]}", "doc: x[0].a: given twice"},
		{"/* c */ {}", NULL},
		{"{'a':1}", NULL},
		{"[01]", NULL},
		{"[+1]", NULL},
		{"[1.]", NULL},
		{"[.5]", NULL},
		{"[1e]", NULL},
		{"[--1]", NULL},
		{"[NaN]", NULL},
		{"[Infinity]", NULL},
		{"[0x10]", NULL},
		{"[1,]", NULL},
		{"{\"a\":1,}", NULL},
		{"{\"a\"}", NULL},
		{"{1:2}", NULL},
		{"[nul]", NULL},
		{"[True]", NULL},
		{"\xef\xbb\xbf{}", NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *msg = refused(cases[i].text);

		if (cases[i].msg)
			STREQ(msg, cases[i].msg);
		TRUE(!strchr(msg, '\n') && str_has_prefix(msg, "doc: "));
		EQ(e.code, ERR_CONFIG);
	}
}

TEST(nul_byte_in_text)
{
	static const char text[] = "[1]\0";
	_arena_ struct arena a = {0};
	struct json *t;

	TRUE(json_parse(&e, &a, "doc", text, sizeof(text), &t) < 0);
	TRUE(json_parse(&e, &a, "doc", "[\"a\0b\"]", 7, &t) < 0);
	TRUE(json_parse(&e, &a, "doc", "", 0, &t) < 0);
}

TEST(limit_depth)
{
	_arena_ struct arena a = {0};
	char text[400] = "";
	struct json *t;

	memset(text, '[', 64);
	memset(text + 64, ']', 64);
	OK_ERR(&e, parse(&a, text, &t));
	memset(text, 0, sizeof(text));
	memset(text, '[', 65);
	STREQ(refused(text), "doc: line 1, column 65: nested more than 64 levels deep");
}

TEST(limit_string)
{
	_arena_ struct arena a = {0};
	_buf_ struct buf b = {0};
	struct json *t;

	for (int escapes = 0; escapes < 2; escapes++) {
		for (size_t n = JSON_MAX_STRING - 1; n <= JSON_MAX_STRING + 1; n++) {
			b.len = 0;
			buf_str(&b, "[\"");
			for (size_t i = 0; i < n; i++)
				buf_str(&b, escapes ? "\\u0061" : "a");
			buf_str(&b, "\"]");
			if (n <= JSON_MAX_STRING) {
				OK_ERR(&e, parse(&a, b.data, &t));
				EQ(strlen(t->child->str), n);
				EQ(t->child->str[n - 1], 'a');
			} else {
				STREQ(refused(b.data),
				      "doc: line 1, column 2: string longer than 262144 bytes");
			}
		}
	}
}

TEST(limit_number_length)
{
	_arena_ struct arena a = {0};
	char text[80] = "[";
	struct json *t;

	memset(text + 1, '1', 64);
	text[65] = ']';
	OK_ERR(&e, parse(&a, text, &t));
	EQ(strlen(t->child->str), 64);
	text[65] = '1';
	text[66] = ']';
	STREQ(refused(text), "doc: line 1, column 66: number of more than 64 characters");
}

TEST(limit_document_and_nodes)
{
	_arena_ struct arena a = {0};
	_buf_ struct buf b = {0};
	struct json *t;

	TRUE(buf_reserve(&b, JSON_MAX_DOCUMENT + 2));
	memset(b.data, ' ', JSON_MAX_DOCUMENT + 1);
	memcpy(b.data, "[]", 2);
	OK_ERR(&e, json_parse(&e, &a, "doc", b.data, JSON_MAX_DOCUMENT, &t));
	TRUE(json_parse(&e, &a, "doc", b.data, JSON_MAX_DOCUMENT + 1, &t) < 0);
	STREQ(e.msg, "doc: 8388609 bytes; the limit is 8388608");
	b.data[0] = '[';
	for (size_t i = 0; i < JSON_MAX_NODES; i++)
		memcpy(b.data + 1 + 2 * i, "1,", 2);
	b.data[2 * JSON_MAX_NODES] = ']';
	TRUE(json_parse(&e, &a, "doc", b.data, 2 * JSON_MAX_NODES + 1, &t) < 0);
	TRUE(strstr(e.msg, "too many values"));
	b.data[2 * JSON_MAX_NODES - 2] = ']';
	b.data[2 * JSON_MAX_NODES - 1] = ' ';
	b.data[2 * JSON_MAX_NODES] = ' ';
	OK_ERR(&e, json_parse(&e, &a, "doc", b.data, 2 * JSON_MAX_NODES + 1, &t));
	EQ(t->count, JSON_MAX_NODES - 1);
}

/* Quadratic time would be minutes here. */
TEST(many_keys)
{
	_arena_ struct arena a = {0};
	_buf_ struct buf b = {0};
	struct json *t;

	buf_str(&b, "{");
	for (unsigned int i = 0; i < 200000; i++)
		buf_printf(&b, "%s\"k%u\":0", i ? "," : "", i);
	buf_str(&b, "}");
	OK_ERR(&e, parse(&a, b.data, &t));
	EQ(t->count, 200000);
	b.data[--b.len] = '\0';
	buf_str(&b, ",\"k77\":1}");
	STREQ(refused(b.data), "doc: k77: given twice");
}

TEST(paths)
{
	static const char text[] = "{\"process\":{\"rlimits\":[{},{},{\"type\":1}]},"
				   "\"linux\":{\"sysctl\":{\"net.ipv4.x\":1,\"\":2}}}";
	_arena_ struct arena a = {0};
	const struct json *n;
	char path[128];
	struct json *t;

	OK_ERR(&e, parse(&a, text, &t));
	n = json_get(json_get(t, "process"), "rlimits")->child->next->next->child;
	STREQ(json_path(n, path, sizeof(path)), "process.rlimits[2].type");
	STREQ(json_path(n, path, 8), "process");
	EQ(json_bad(&e, n, "no %s", "good"), -EINVAL);
	STREQ(e.msg, "process.rlimits[2].type: no good");
	EQ(e.code, ERR_CONFIG);
	json_bad(&e, t, "top");
	STREQ(e.msg, "top");
	n = json_get(json_get(t, "linux"), "sysctl")->child;
	STREQ(json_path(n, path, sizeof(path)), "linux.sysctl[\"net.ipv4.x\"]");
	STREQ(json_path(n->next, path, sizeof(path)), "linux.sysctl[\"\"]");
	json_bad_member(&e, ERR_UNSUPPORTED, t, "root", "missing");
	STREQ(e.msg, "root: missing");
	EQ(e.code, ERR_UNSUPPORTED);
	json_bad_member(&e, ERR_CONFIG, json_get(t, "process"), "cwd", "x");
	STREQ(e.msg, "process.cwd: x");
}

TEST(numbers)
{
	static const struct {
		const char *text;
		bool i64, u64, u32, id;
	} cases[] = {
		{"0", 1, 1, 1, 1},
		{"-0", 1, 0, 0, 0},
		{"-1", 1, 0, 0, 0},
		{"4294967294", 1, 1, 1, 1},
		{"4294967295", 1, 1, 1, 0},
		{"4294967296", 1, 1, 0, 0},
		{"9223372036854775807", 1, 1, 0, 0},
		{"9223372036854775808", 0, 1, 0, 0},
		{"-9223372036854775808", 1, 0, 0, 0},
		{"-9223372036854775809", 0, 0, 0, 0},
		{"18446744073709551615", 0, 1, 0, 0},
		{"18446744073709551616", 0, 0, 0, 0},
		{"99999999999999999999999", 0, 0, 0, 0},
		{"1.0", 0, 0, 0, 0},
		{"1e3", 0, 0, 0, 0},
		{"1E3", 0, 0, 0, 0},
		{"\"1\"", 0, 0, 0, 0},
		{"null", 0, 0, 0, 0},
		{"true", 0, 0, 0, 0},
		{"[]", 0, 0, 0, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_arena_ struct arena a = {0};
		struct json *t;
		int64_t i64;
		uint64_t u64;
		uint32_t u32;

		OK_ERR(&e, parse(&a, cases[i].text, &t));
		EQ(json_to_i64(&e, t, &i64) == 0, cases[i].i64);
		EQ(json_to_u64(&e, t, &u64) == 0, cases[i].u64);
		EQ(json_to_u32(&e, t, &u32) == 0, cases[i].u32);
		EQ(json_to_id(&e, t, &u32) == 0, cases[i].id);
	}
}

struct inner {
	int32_t pad;
	const char *s;
};
struct outer {
	const char *str, *opt, *text;
	struct strv v, tv;
	bool b;
	struct opt_bool ob;
	uint32_t u32, id;
	int64_t i64;
	uint64_t u64;
	struct opt_u32 ou32;
	struct opt_i64 oi64;
	struct opt_u64 ou64;
	int word;
	struct inner in, *pin;
	LIST_OF(struct inner) list;
	const struct json *node;
};

static const struct json_field inner_fields[] = {
	JSON_FIELD("s", STR, struct inner, s, .required = true),
	JSON_FIELD_END,
};

static int inner_done(struct err *err, struct arena *a, const struct json *node, void *target)
{
	struct inner *in = target;

	(void)a;
	in->pad = 7;
	return str_eq(in->s, "bad") ? json_bad(err, node, "is bad") : 0;
}

static const struct json_word words[] = {{"one", 1}, {"two", 2}, {.name = ""}};

#define O(name, kind, member, ...) JSON_FIELD(name, kind, struct outer, member, ##__VA_ARGS__)
static const struct json_field outer_fields[] = {
	O("str", STR, str),
	O("opt", OPT_STR, opt),
	O("text", TEXT, text),
	O("v", STRV, v),
	O("tv", TEXTV, tv),
	O("b", BOOL, b),
	O("ob", OPT_BOOL, ob),
	O("u32", U32, u32),
	O("id", ID, id),
	O("i64", I64, i64),
	O("u64", U64, u64),
	O("ou32", OPT_U32, ou32),
	O("oi64", OPT_I64, oi64),
	O("ou64", OPT_U64, ou64),
	O("word", ENUM, word, .words = words, .noun = "numeral"),
	O("in", OBJECT, in, .fields = inner_fields, .call = inner_done),
	O("pin", OPT_OBJECT, pin, .fields = inner_fields, .size = sizeof(struct inner)),
	O("list", LIST, list, .fields = inner_fields, .size = sizeof(struct inner),
	  .call = inner_done),
	O("node", NODE, node),
	{.name = "skip", .kind = FIELD_IGNORE},
	JSON_FIELD_END,
};

TEST(decode_good)
{
	static const char text[] =
		"{\"str\":\"s\",\"opt\":\"\",\"text\":\"a\\nb\",\"v\":[\"x\",\"y\"],\"tv\":[\"\\u0001\"],"
		"\"b\":true,\"ob\":false,\"u32\":4294967295,\"id\":0,\"i64\":-1,\"u64\":1,\"ou32\":2,"
		"\"oi64\":-3,\"ou64\":4,\"word\":\"two\",\"in\":{\"s\":\"i\"},\"pin\":{\"s\":\"p\"},"
		"\"list\":[{\"s\":\"0\"},{\"s\":\"1\"}],\"node\":[1],\"skip\":{\"x\":[]}}";
	_arena_ struct arena a = {0};
	struct outer o = {0};
	struct json *t;

	OK_ERR(&e, parse(&a, text, &t));
	OK_ERR(&e, json_decode(&e, &a, t, outer_fields, &o));
	STREQ(o.str, "s");
	STREQ(o.opt, NULL);
	STREQ(o.text, "a\nb");
	EQ(o.v.n, 2);
	STREQ(o.v.v[1], "y");
	STREQ(o.v.v[2], NULL);
	STREQ(o.tv.v[0], "\001");
	TRUE(o.b && o.ob.set && !o.ob.v);
	EQ(o.u32, UINT32_MAX);
	EQ(o.i64, -1);
	EQ(o.u64, 1);
	TRUE(o.ou32.set && o.ou32.v == 2 && o.oi64.set && o.oi64.v == -3 && o.ou64.v == 4);
	EQ(o.word, 2);
	STREQ(o.in.s, "i");
	EQ(o.in.pad, 7);
	STREQ(o.pin->s, "p");
	EQ(o.list.n, 2);
	STREQ(o.list.v[1].s, "1");
	EQ(o.list.v[1].pad, 7);
	EQ(o.node->type, JSON_ARRAY);
}

TEST(decode_absent)
{
	_arena_ struct arena a = {0};
	struct outer o = {0};
	struct json *t;

	OK_ERR(&e,
	       parse(&a, "{\"str\":null,\"v\":null,\"pin\":null,\"ou32\":null,\"list\":[]}", &t));
	OK_ERR(&e, json_decode(&e, &a, t, outer_fields, &o));
	TRUE(!o.str && !o.v.v && !o.pin && !o.ou32.set && o.list.n == 0);
}

TEST(decode_bad)
{
	static const struct {
		const char *text, *msg;
	} cases[] = {
		{"[]", "expected an object, got an array"},
		{"{\"str\":1}", "str: expected a string, got a number"},
		{"{\"str\":\"a\\nb\"}", "str: control character in a name"},
		{"{\"opt\":\"\\u007f\"}", "opt: control character in a name"},
		{"{\"text\":[]}", "text: expected a string, got an array"},
		{"{\"v\":\"x\"}", "v: expected an array, got a string"},
		{"{\"v\":[\"x\",null]}", "v[1]: expected a string, got null"},
		{"{\"v\":[\"x\",\"\\t\"]}", "v[1]: control character in a name"},
		{"{\"tv\":[{}]}", "tv[0]: expected a string, got an object"},
		{"{\"b\":0}", "b: expected a boolean, got a number"},
		{"{\"ob\":\"true\"}", "ob: expected a boolean, got a string"},
		{"{\"u32\":-1}", "u32: -1 is negative"},
		{"{\"u32\":4294967296}", "u32: 4294967296 is out of range"},
		{"{\"u32\":1.5}", "u32: expected an integer, got 1.5"},
		{"{\"id\":4294967295}", "id: 4294967295 is no user or group id"},
		{"{\"i64\":9223372036854775808}", "i64: 9223372036854775808 is out of range"},
		{"{\"word\":\"three\"}", "word: unknown numeral \"three\""},
		{"{\"word\":3}", "word: expected a string, got a number"},
		{"{\"in\":{}}", "in.s: missing"},
		{"{\"in\":{\"s\":null}}", "in.s: missing"},
		{"{\"in\":{\"s\":\"bad\"}}", "in: is bad"},
		{"{\"pin\":[]}", "pin: expected an object, got an array"},
		{"{\"list\":{}}", "list: expected an array, got an object"},
		{"{\"list\":[{\"s\":\"a\"},1]}", "list[1]: expected an object, got a number"},
		{"{\"list\":[{\"s\":\"a\"},{\"s\":2}]}",
		 "list[1].s: expected a string, got a number"},
		{"{\"list\":[{\"s\":\"bad\"}]}", "list[0]: is bad"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_arena_ struct arena a = {0};
		struct outer o = {0};
		struct json *t;

		OK_ERR(&e, parse(&a, cases[i].text, &t));
		EQ(json_decode(&e, &a, t, outer_fields, &o), -EINVAL);
		STREQ(e.msg, cases[i].msg);
		EQ(e.code, ERR_CONFIG);
	}
}

TEST(unknown_property_warns)
{
	_arena_ struct arena a = {0};
	_buf_ struct buf log = {0};
	struct outer o = {0};
	struct json *t;
	int fd[2];

	OK(pipe(fd));
	log_setup(&(struct log_options){.fd = fd[1], .plain = true});
	OK_ERR(&e, parse(&a, "{\"in\":{\"s\":\"x\",\"zz\":1,\"y.y\":2}}", &t));
	OK_ERR(&e, json_decode(&e, &a, t, outer_fields, &o));
	close(fd[1]);
	OK(fd_read_all(fd[0], 4096, &log));
	STREQ(log.data, "bawn: warning: doc: in.zz: unknown property ignored\n"
			"bawn: warning: doc: in[\"y.y\"]: unknown property ignored\n");
}

TEST(write_all)
{
	_buf_ struct buf out = {0};
	struct json_writer w;

	OK(json_write_begin(&w, false));
	json_write_object(&w, NULL);
	json_write_str(&w, "s", "a\"b\\\n\x01/\xc3\xa4");
	json_write_str(&w, "dirty", "a\xff\xc3z");
	json_write_str(&w, "none", NULL);
	json_write_int(&w, "i", INT64_MIN);
	json_write_u64(&w, "u", UINT64_MAX);
	json_write_bool(&w, "t", true);
	json_write_array(&w, "a");
	json_write_int(&w, NULL, 1);
	json_write_object(&w, NULL);
	json_write_close(&w);
	json_write_close(&w);
	json_write_close(&w);
	OK(json_write_end(&w, &out));
	STREQ(out.data,
	      "{\"s\":\"a\\\"b\\\\\\n\\u0001/\xc3\xa4\",\"dirty\":\"a\xef\xbf\xbd\xef\xbf\xbdz\","
	      "\"none\":null,\"i\":-9223372036854775808,\"u\":18446744073709551615,\"t\":true,"
	      "\"a\":[1,{}]}");
}

TEST(write_pretty_and_misuse)
{
	_buf_ struct buf out = {0};
	struct json_writer w;

	OK(json_write_begin(&w, true));
	json_write_object(&w, NULL);
	json_write_int(&w, "a", 1);
	json_write_close(&w);
	OK(json_write_end(&w, &out));
	STREQ(out.data, "{\n  \"a\": 1\n}\n");
	/* Left open; closed twice; value without key; deeper than the reader takes. */
	json_write_begin(&w, false);
	json_write_object(&w, NULL);
	EQ(json_write_end(&w, &out), -ENOMEM);
	json_write_begin(&w, false);
	json_write_object(&w, NULL);
	json_write_close(&w);
	json_write_close(&w);
	EQ(json_write_end(&w, &out), -ENOMEM);
	json_write_begin(&w, false);
	json_write_object(&w, NULL);
	json_write_int(&w, NULL, 1);
	EQ(json_write_end(&w, &out), -ENOMEM);
	json_write_begin(&w, false);
	for (int i = 0; i < 200; i++)
		json_write_array(&w, NULL);
	EQ(json_write_end(&w, &out), -ENOMEM);
	EQ(json_write_end(&w, &out), -ENOMEM);
}

TEST(write_tree)
{
	static const char *const texts[] = {
		"{\"a\":[1,-2.5e3,\"x\",null,true,false,[],{}],\"b\":{\"c\":{\"d\":[[[1]]]}},\"e\":\"\"}",
		"[]",
		"{}",
		"[[[]]]",
		"1",
		"\"s\"",
		"null",
		"[{},{}]",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_arena_ struct arena a = {0};
		_buf_ struct buf out = {0};
		struct json_writer w;
		struct json *t;

		OK_ERR(&e, parse(&a, texts[i], &t));
		json_write_begin(&w, false);
		json_write_tree(&w, NULL, t);
		OK(json_write_end(&w, &out));
		STREQ(out.data, texts[i]);
		/* A subtree under another name. */
		out.len = 0;
		json_write_begin(&w, false);
		json_write_object(&w, NULL);
		json_write_tree(&w, "k", t->child ? t->child : t);
		json_write_close(&w);
		OK(json_write_end(&w, &out));
	}
}
