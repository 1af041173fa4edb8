"""How does a FE word its errors?"""


class SqlError(Exception):
    def __init__(self, code, state, text):
        super().__init__(text)
        self.code, self.state, self.text = code, state, text


class Hole(SqlError):
    """Something the simulator does not know; fails the test that met it."""

    def __init__(self, what):
        super().__init__(1105, "HY000", f"sim: not implemented: {what}")


class Closed(Exception):
    """The connection is to be closed without a word."""


class Cancelled(Exception):
    """KILL QUERY hit the running statement."""


def analyzing(text, code=1064, state="HY000", where=""):
    return SqlError(code, state, f"Getting analyzing error{where}. Detail message: {text}.")


def syntax(column, detail, line=1):
    return SqlError(1064, "HY000", f"Getting syntax error at line {line}, column {column}. Detail message: {detail}.")


def unexpected(word, column, expected="{<EOF>, ';'}", line=1):
    return syntax(column, f"Unexpected input '{word}', the most similar input is {expected}", line)


def unknown_table(name):
    return analyzing(f"Unknown table '{name}'", 5502, "42602")


def unknown_database(name, wrapped=True):
    if wrapped:
        return analyzing(f"Unknown database '{name}'", 5501, "3F000")
    return SqlError(5501, "3F000", f"Unknown database '{name}'")


def no_database():
    return analyzing("No database selected", 1046, "3D000")


def unknown_column(name):
    return analyzing(f"Column '{name}' cannot be resolved")


def denied(privilege, on, user):
    roles = ", ".join(user.roles) or "NONE"
    idle = ", ".join(user.inactive) or "NONE"
    return SqlError(5203, "42000",
                    f"Access denied; you need (at least one of) the {privilege} privilege(s) on {on} for this operation. "
                    "Please ask the admin to grant permission(s) or try activating existing roles using <set [default] "
                    f"role>. Current role(s): [{roles}]. Inactivated role(s): {idle}.")


def timeout(seconds):
    return SqlError(5024, "HY000", f"Query reached its timeout of {seconds} seconds, please increase the "
                                   "'query_timeout' session variable and retry")


def bad_proc(path, message):
    return analyzing(f"Unknown proc node path: {path}. msg: {message}")
