from django.urls import URLPattern, URLResolver

app_name = "capsules"
urlpatterns: list[URLPattern | URLResolver] = []
