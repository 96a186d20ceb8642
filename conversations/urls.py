from django.urls import path

from conversations.views import (
    comparison,
    contexts,
    estimates,
    health,
    messages,
    metrics,
    offers,
    pages,
    presets,
    settings,
    shaping,
    sidebar,
    usage,
)

urlpatterns = [
    path("", pages.new_chat, name="new_chat"),
    path("c/", messages.start, name="start"),
    path("c/<uuid:conversation_id>/", pages.conversation, name="conversation"),
    path("c/<uuid:conversation_id>/log/", pages.log, name="log"),
    path("c/<uuid:conversation_id>/messages/", messages.send, name="send"),
    path(
        "c/<uuid:conversation_id>/messages/<uuid:message_id>/retry/", messages.retry, name="retry"
    ),
    path("c/<uuid:conversation_id>/messages/<uuid:message_id>/stop/", messages.stop, name="stop"),
    path(
        "c/<uuid:conversation_id>/messages/<uuid:message_id>/switch/",
        messages.switch,
        name="switch",
    ),
    *(
        path(f"c/<uuid:conversation_id>/messages/<uuid:message_id>/{address}/", view, name=name)
        for address, view, name in (
            ("now", messages.try_now, "try_now"),
            ("edit", shaping.edit, "edit_message"),
            ("continue", shaping.continue_answer, "continue"),
            ("answer", shaping.answer, "answer"),
            ("write", shaping.write, "write"),
            ("standing", shaping.standing, "standing"),
            ("delete", shaping.delete, "delete_message"),
            ("restore", shaping.restore, "restore_message"),
            ("branch", shaping.branch, "branch"),
            ("compare", comparison.compare, "compare"),
        )
    ),
    path("c/<uuid:conversation_id>/write/", shaping.write_at_start, name="write_at_start"),
    path("c/write/", shaping.write_new, name="write_new"),
    path("c/<uuid:conversation_id>/fresh/", shaping.fresh_start, name="fresh_start"),
    path("c/<uuid:conversation_id>/settings/", settings.settings, name="settings"),
    path("c/<uuid:conversation_id>/presets/", presets.save, name="save_preset"),
    path("presets/<int:preset_id>/", presets.rename, name="rename_preset"),
    path("presets/<int:preset_id>/delete/", presets.delete, name="delete_preset"),
    path("models/", offers.models, name="models"),
    path("c/<uuid:conversation_id>/estimate/", estimates.estimate, name="estimate"),
    path("c/<uuid:conversation_id>/preview/", contexts.preview, name="preview"),
    path("c/<uuid:conversation_id>/calls/<int:call_id>/", contexts.call, name="call"),
    path(
        "c/<uuid:conversation_id>/messages/<uuid:message_id>/context/",
        contexts.context,
        name="context",
    ),
    path("c/<uuid:conversation_id>/rename/", sidebar.rename, name="rename"),
    path("c/<uuid:conversation_id>/delete/", sidebar.delete, name="delete"),
    path("c/<uuid:conversation_id>/restore/", sidebar.restore, name="restore"),
    path("estimate/", estimates.estimate_new, name="estimate_new"),
    path("preview/", contexts.preview_new, name="preview_new"),
    path("usage/", usage.own_usage, name="usage"),
    path("sidebar/", sidebar.sidebar, name="sidebar"),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", metrics.metrics),
]
