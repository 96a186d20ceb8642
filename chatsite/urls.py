from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import include, path

from chatsite import accounts

handler400 = "chatsite.middleware.bad_request"
handler500 = "chatsite.middleware.server_error"

urlpatterns = [
    path("setup/", accounts.setup, name="setup"),
    path("login/", accounts.Login.as_view(), name="login"),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("password/", accounts.PasswordChange.as_view(), name="password_change"),
    path("password/done/", auth.PasswordChangeDoneView.as_view(), name="password_change_done"),
    path("admin/", admin.site.urls),
    path("", include("conversations.urls")),
]
