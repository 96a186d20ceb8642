from django.urls import path

from conversations.views import estimates, health, messages, pages, settings, sidebar

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
    path("c/<uuid:conversation_id>/settings/", settings.settings, name="settings"),
    path("c/<uuid:conversation_id>/estimate/", estimates.estimate, name="estimate"),
    path("c/<uuid:conversation_id>/rename/", sidebar.rename, name="rename"),
    path("c/<uuid:conversation_id>/delete/", sidebar.delete, name="delete"),
    path("c/<uuid:conversation_id>/restore/", sidebar.restore, name="restore"),
    path("estimate/", estimates.estimate_new, name="estimate_new"),
    path("sidebar/", sidebar.sidebar, name="sidebar"),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
]
