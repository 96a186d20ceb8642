"""Static files as they are served: compressed, and under names that change with their content."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc] # untyped
    """Names with a hash, also where our modules import each other.

    Only ours: htmx's extensions name files in comments that exist nowhere.
    """

    support_js_module_import_aggregation = True
    _js_module_import_aggregation_patterns = (
        "js/*.js",
        (
            (
                r"""(?P<matched>\b(?P<word>from|import)\s+['"](?P<url>\./[^'"]+)['"])""",
                """%(word)s '%(url)s'""",
            ),
        ),
    )
